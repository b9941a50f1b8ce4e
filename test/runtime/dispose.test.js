// Which methods make an object end with a `using` block. test/core/realms.test.js tries guards where there is no symbol.

import { afterEach, expect, test, vi } from "vitest";
import { disposeBy } from "../../src/runtime/dispose.ts";

const COMPILED = Symbol.for("Symbol.dispose");

afterEach(() => vi.unstubAllGlobals());

test.each([
  ["native blocks", Symbol.dispose],
  ["compiled ones where there is no Symbol.dispose", COMPILED],
])("an object has the method that is looked for by %s", (_, symbol) => {
  const end = vi.fn();
  const target = {};
  disposeBy(target, end);
  target[symbol]();
  expect(end).toHaveBeenCalledOnce();
  expect(Object.keys(target)).toEqual([]);
});

test("what has the object as its prototype ends likewise, and may have a method of its own", () => {
  const [end, own] = [vi.fn(), vi.fn()];
  const prototype = {};
  disposeBy(prototype, end);
  const target = Object.create(prototype);
  target[Symbol.dispose]();
  target[Symbol.dispose] = own;
  target[Symbol.dispose]();
  expect([end.mock.calls.length, own.mock.calls.length]).toEqual([1, 1]);
});

test("a later call replaces the method, as when a polyfill has come", () => {
  const [earlier, later] = [vi.fn(), vi.fn()];
  const target = {};
  disposeBy(target, earlier);
  disposeBy(target, later);
  target[COMPILED]();
  expect([earlier.mock.calls.length, later.mock.calls.length]).toEqual([0, 1]);
});

test("without Symbol.dispose there is one method, and none that is called undefined", () => {
  const target = {};
  vi.stubGlobal("Symbol", {});
  disposeBy(target, () => {});
  vi.unstubAllGlobals();
  expect(Reflect.ownKeys(target)).toEqual([COMPILED]);
});

test("an object that can't be changed is left as it is", () => {
  const target = Object.freeze({});
  disposeBy(target, () => {});
  expect(Reflect.ownKeys(target)).toEqual([]);
});
