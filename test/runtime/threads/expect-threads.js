// What a runtime's report of threads has to say.

import { expect } from "vitest";

/**
 * @param numbersThreads whether the runtime has numbers for its threads, which then are the registries'.
 * @param tellsTooEarly whether its workers go on, and acknowledge, when they are told to have ended; calls are not
 * counted from then on.
 */
export function expectThreads({ replay, killed }, { numbersThreads, tellsTooEarly = false }) {
  expect(replay).toEqual({ replayed: 16, differences: [] });

  const { announced, ownThreadId, during, after, atTheEnd } = killed;
  const threadIds = announced.flat().map(({ threadId }) => threadId);
  const least = numbersThreads ? 1 : 1_000_002;
  expect(threadIds.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3].map((n) => least + n));
  expect(threadIds).not.toContain(ownThreadId);
  // Each saw all names of its own, and perhaps the other's as well.
  for (const { size } of announced.flat()) expect(size).toBeGreaterThanOrEqual(51);

  expect(during).toMatchObject({ callsTotal: 2000, errorsTimeout: 400, latencySumNs: 2e9, inFlight: 2 });
  expect(during).toMatchObject({ handlerInvocationsTotal: 2, handlerInFlight: 2 });
  expect(after).toMatchObject({ callsTotal: 2000, latencyCount: 2000, inFlight: 0, handlerInFlight: 0 });
  expect(atTheEnd).toMatchObject({ callsTotal: 4000, errorsTimeout: 800, latencySumNs: 4e9, inFlight: 0 });
  expect(atTheEnd).toMatchObject({ handlerInvocationsTotal: 4, handlerInFlight: 0 });
  expect(killed.names).toBe(52);
  expect(killed.denied).toBe(4000);
  if (!tellsTooEarly) expect(killed.unacknowledged).toBeGreaterThanOrEqual(0);
  expect(killed.unacknowledged).toBeLessThanOrEqual(4);
  expect(killed.killedInFlight).toBe(0);
}
