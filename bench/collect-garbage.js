// Garbage collection on demand, in Node without a command-line flag.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");

/** A full collection, so that the next sample does not pay for garbage of others. */
export const collectGarbage = runInNewContext("gc");
