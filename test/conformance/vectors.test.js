import * as library from "nrpc-metrics";
import { expect, test } from "vitest";
import { differences } from "./replay.js";
import { vectors } from "./vectors.js";

test.each(vectors)("behaves as the reference does: $name, $why", async (vector) => {
  expect(await differences(library, vector)).toEqual([]);
});

test("all sixteen vectors are here", () => {
  expect(vectors).toHaveLength(16);
});
