// What counts as a source of snapshots, and as a snapshot.

import { RpcMetricsRegistry } from "nrpc-metrics";
import { expect, test } from "vitest";
import { checkedSource, takeSnapshot } from "../../src/model/source.ts";

const snapshot = new RpcMetricsRegistry({ services: ["echo"] }).snapshot();
const { data } = snapshot;
const sourceOf = (given) => ({ snapshot: () => given });

test("a source is anything with a method snapshot()", () => {
  for (const source of [new RpcMetricsRegistry(), sourceOf(snapshot), Object.assign(() => {}, sourceOf(snapshot))])
    expect(checkedSource(source)).toBe(source);
});

test.each([
  [undefined, "undefined"],
  [null, "null"],
  ["registry", '"registry"'],
  [{}, "[object]"],
  [{ snapshot }, "[object]"],
])("%j is refused as a source", (source, shown) => {
  expect(() => checkedSource(source)).toThrow(new TypeError(`registry must be an RpcMetricsRegistry, got ${shown}`));
});

test("the data of a snapshot is taken at once", () => expect(takeSnapshot(sourceOf(snapshot))).toBe(data));

/** `object`, with a property `then`. */
// biome-ignore lint/suspicious/noThenProperty: thenables are what is tested
const withThen = (object, then) => Object.defineProperty(object, "then", { value: then });
const fulfil = (fulfilled) => fulfilled(snapshot);

test.each([
  ["a promise", Promise.resolve(snapshot)],
  ["a thenable", withThen({}, fulfil)],
  ["a function with a then()", withThen(() => {}, fulfil)],
])("the data of a snapshot that comes through %s is taken later", async (_, given) => {
  const taken = takeSnapshot(sourceOf(given));
  expect(taken).toBeInstanceOf(Promise);
  expect(await taken).toBe(data);
});

const NOT_SNAPSHOTS = [
  undefined,
  null,
  {},
  { data: null },
  { data: { ...data, words: [] } },
  { data: { ...data, words: undefined } },
  { data: { ...data, layout: undefined } },
  { data: { ...data, statistics: undefined } },
  { data: { ...data, services: undefined } },
  { data: { ...data, services: {} } },
  { data: { services: [] } },
  { data: { statistics: {} } },
];

test.each(NOT_SNAPSHOTS.map((given, i) => [i, given]))(
  "what is no snapshot is refused, at once or later: %i",
  async (_, given) => {
    const shown = given === undefined || given === null ? String(given) : "[object]";
    const error = new TypeError(`what snapshot() returns must be an RpcMetricsSnapshot, got ${shown}`);
    expect(() => takeSnapshot(sourceOf(given))).toThrow(error);
    await expect(takeSnapshot(sourceOf(Promise.resolve(given)))).rejects.toThrow(error);
  },
);

test("a snapshot whose then is no method is not waited for", () => {
  expect(takeSnapshot(sourceOf(withThen({ data }, 1)))).toBe(data);
});
