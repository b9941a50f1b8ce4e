// Whether objects can be garbage-collected.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc");

/** Whether what `ref` refers to is collected within a few collections. */
export async function collected(ref) {
  for (let i = 0; i < 20 && ref.deref() !== undefined; i++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    gc();
  }
  return ref.deref() === undefined;
}
