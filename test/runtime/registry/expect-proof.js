// What a runtime's report on the registry has to contain.

import { expect } from "vitest";

/** `parsesUsing`: whether the runtime has the `using` syntax. */
export function expectProof(report, { parsesUsing }) {
  expect(report.replay).toEqual({ replayed: 16, differences: [] });

  const { during, after, text, hasMemberUndefined } = report.guards;
  expect(during).toMatchObject({ inFlight: 1, callsTotal: 0, latencyCount: 0, handlerInFlight: 1 });
  expect(during).toMatchObject({ handlerInvocationsTotal: 1, handlerDurationCount: 0 });
  expect(after).toMatchObject({ inFlight: 0, callsTotal: 1, latencyCount: 1, handlerInFlight: 0 });
  expect(after).toMatchObject({ handlerInvocationsTotal: 1, handlerDurationCount: 1 });
  expect(after.latencySumNs).toBeGreaterThan(0);
  expect(after.handlerDurationSumNs).toBeGreaterThan(0);
  expect(text).toContain('nrpc_call_latency_seconds_count{service="echo"} 1\n');
  expect(hasMemberUndefined).toBe(false);

  if (!parsesUsing) return expect(report.using).toBeUndefined();
  expect(report.using.during).toMatchObject({ inFlight: 1, callsTotal: 0 });
  expect(report.using.after).toMatchObject({ inFlight: 0, callsTotal: 1 });
}
