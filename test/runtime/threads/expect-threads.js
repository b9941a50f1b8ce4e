// What a runtime's report on shared registries has to contain.

import { expect } from "vitest";

/**
 * @param numbersThreads whether the runtime numbers its threads; then the registries' `threadId`s are these numbers.
 * @param reportsEndTooEarly whether a worker may still run, and acknowledge calls, after the runtime reported its end;
 * calls are not counted from then on.
 */
export function expectThreads({ replay, killed, nested }, { numbersThreads, reportsEndTooEarly = false }) {
  expect(replay).toEqual({ replayed: 16, differences: [] });

  const { announced, ownThreadId, during, after, atTheEnd } = killed;
  const threadIds = announced.flat().map(({ threadId }) => threadId);
  const least = numbersThreads ? 1 : 1_000_002;
  expect(threadIds.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3].map((n) => least + n));
  expect(threadIds).not.toContain(ownThreadId);
  // Each saw all names that it added, and possibly those that the other one added.
  for (const { size } of announced.flat()) expect(size).toBeGreaterThanOrEqual(51);

  expect(during).toMatchObject({ callsTotal: 2000, errorsTimeout: 400, latencySumNs: 2e9, inFlight: 2 });
  expect(during).toMatchObject({ handlerInvocationsTotal: 2, handlerInFlight: 2 });
  expect(after).toMatchObject({ callsTotal: 2000, latencyCount: 2000, inFlight: 0, handlerInFlight: 0 });
  expect(atTheEnd).toMatchObject({ callsTotal: 4000, errorsTimeout: 800, latencySumNs: 4e9, inFlight: 0 });
  expect(atTheEnd).toMatchObject({ handlerInvocationsTotal: 4, handlerInFlight: 0 });
  expect(killed.names).toBe(52);
  expect(killed.denied).toBe(4000);
  if (!reportsEndTooEarly) expect(killed.unacknowledged).toBeGreaterThanOrEqual(0);
  expect(killed.unacknowledged).toBeLessThanOrEqual(4);
  expect(killed.killedInFlight).toBe(0);

  expect(nested).toEqual({ during: 3, after: 0 });
}
