// Snapshots that come at once, later, too late, or never.

import { RpcMetricsRegistry } from "nrpc-metrics";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

let takeSnapshotWithin;
let LateSnapshotError;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] }); // taken by the modules on import
  vi.resetModules();
  ({ takeSnapshotWithin, LateSnapshotError } = await import("../../src/server/late-snapshot.ts"));
});

afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  vi.resetModules();
});

const { snapshot } = new RpcMetricsRegistry({ services: ["echo"] });
const namesOf = ({ services }) => services.map(({ name }) => name);

test("a snapshot that is given at once is taken at once", () => {
  expect(namesOf(takeSnapshotWithin({ snapshot }, 50))).toEqual(["echo"]);
});

test("a snapshot that comes in time is taken", async () => {
  const later = { snapshot: () => new Promise((resolve) => setTimeout(() => resolve(snapshot()), 49)) };
  const taken = takeSnapshotWithin(later, 50);
  await vi.advanceTimersByTimeAsync(49);
  expect(namesOf(await taken)).toEqual(["echo"]);
});

test("a snapshot that does not come in time is an error that says how long it was waited for", async () => {
  const outcome = expect(takeSnapshotWithin({ snapshot: () => new Promise(() => {}) }, 50)).rejects.toThrow(
    new LateSnapshotError(50),
  );
  await vi.advanceTimersByTimeAsync(50);
  await outcome;
  expect(new LateSnapshotError(50).message).toBe("there was no snapshot within 50 ms");
});

test("an error in place of a snapshot is passed on, whether it is thrown or comes later", async () => {
  const failure = new Error("no peers");
  const source = {
    snapshot() {
      throw failure;
    },
  };
  expect(() => takeSnapshotWithin(source, 50)).toThrow(failure);
  await expect(takeSnapshotWithin({ snapshot: () => Promise.reject(failure) }, 50)).rejects.toBe(failure);
});
