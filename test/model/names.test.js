// How names are made well-formed, encoded and ordered.

import { expect, test, vi } from "vitest";
import { sortKey, wellFormedCopy } from "../../src/model/names.ts";

test.each([
  ["echo", "echo"],
  ["", ""],
  ["\ufeffecho\ufeff", "\ufeffecho\ufeff"], // also at the start, where decoders drop it by default
  ["a\ud800b\udc00", "a\ufffdb\ufffd"],
  ["😀", "😀"],
])("the well-formed copy of %j is %j", (name, copy) => expect(wellFormedCopy(name)).toBe(copy));

test.each(["encode", "encodeInto"])("the encoder works if %s is what it is first used for", async (method) => {
  vi.resetModules();
  const { encoder } = await import("../../src/model/names.ts");
  const bytes = new Uint8Array(2);
  if (method === "encodeInto") expect(encoder.encodeInto("é", bytes)).toBe(2);
  else bytes.set(encoder.encode("é"));
  expect([...bytes]).toEqual([0xc3, 0xa9]);
});

test.each([
  ["echo", "echo"],
  ["\ud7ff", "\ud7ff"],
  ["\ue000\uffff", "\ud800\uf7ff"],
  ["a😀", "a\uf83d\ufe00"],
  ["\uffff".repeat(1024), "\uf7ff".repeat(1024)],
  [`${"\uffff".repeat(1024)}ab`, `${"\uf7ff".repeat(1024)}ab`],
])("the sort key has as many code units as the name, with surrogates after all others", (name, key) => {
  expect(sortKey(name)).toBe(key);
});
