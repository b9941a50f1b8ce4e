// What a registry has counted, short enough to stand in a table of scenarios: only what is not 0.

import { expect } from "vitest";

const SINGLES = {
  calls: "callsTotal",
  noRoute: "errorsNoRoute",
  timeout: "errorsTimeout",
  server: "errorsServer",
  transport: "errorsTransport",
  runs: "handlerInvocationsTotal",
  threw: "handlerPanicsTotal",
  emitted: "streamingChunksEmittedTotal",
  dropped: "streamingChunksDroppedTotal",
  denied: "capabilityDeniedTotal",
};

/**
 * The counts of each service by name, once nothing is in flight: `{ calls, statuses, runs, answers, … }`, with numbers
 * by status in `statuses` (of calls) and `answers` (of handlers).
 */
export async function counted(registry) {
  await nothingInFlight(registry);
  return Object.fromEntries(registry.snapshot().services.map((row) => [row.service, countedOf(row)]));
}

async function nothingInFlight(registry) {
  await expect
    .poll(
      () =>
        registry
          .snapshot()
          .services.filter(isInFlight)
          .map(({ service }) => service),
      { timeout: 30_000 },
    )
    .toEqual([]);
}

function isInFlight({ inFlight, handlerInFlight }) {
  return inFlight !== 0 || handlerInFlight !== 0;
}

function countedOf(row) {
  expect(row.latencyCount).toBe(row.callsTotal);
  expect(row.handlerDurationCount).toBe(row.handlerInvocationsTotal);
  const counts = Object.entries(SINGLES).map(([name, field]) => [name, row[field]]);
  const statuses = withoutZeros(row.callStatuses);
  const answers = withoutZeros(row.handlerStatuses);
  return {
    ...withoutZeros(Object.fromEntries(counts)),
    ...(Object.keys(statuses).length > 0 && { statuses }),
    ...(Object.keys(answers).length > 0 && { answers }),
  };
}

function withoutZeros(counts) {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
}

/** What a call counts that was answered with a status. */
export function called(status, outcome) {
  return { calls: 1, ...(outcome && { [outcome]: 1 }), statuses: { [status]: 1 } };
}

/** What a handler run counts that answered with a status. */
export function ran(status, more = {}) {
  return { runs: 1, answers: { [status]: 1 }, ...more };
}
