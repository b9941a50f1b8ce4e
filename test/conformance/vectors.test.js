// The vectors, recorded with the reference implementation, replayed with this library.

import * as library from "nrpc-metrics";
import { expect, test } from "vitest";
import { differences } from "./replay.js";
import { vectors } from "./vectors.js";

test.each(vectors)("the library gives the rows and the text of the vector $name: $why", async (vector) => {
  expect(await differences(library, vector)).toEqual([]);
});

test("there are sixteen vectors", () => {
  expect(vectors).toHaveLength(16);
});
