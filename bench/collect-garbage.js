// A collection of garbage on demand, in Node and without a flag.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");

/** A full collection, so that the next sample does not pay for what others left behind. */
export const collectGarbage = runInNewContext("gc");
