// What a runtime's report on dropped guards has to contain.

import { expect } from "vitest";

export function expectLeaksGivenBack(report) {
  expect(report.dropped).toBe(300);
  expect(report.before).toMatchObject({ inFlight: 201, handlerInFlight: 100 });
  expect(report.leakedGuards).toBe(300);
  expect(report.whileHeld).toMatchObject({ inFlight: 1, handlerInFlight: 0, callsTotal: 0, latencyCount: 0 });
  expect(report.whileHeld).toMatchObject({ handlerInvocationsTotal: 100, handlerDurationCount: 0 });
  expect(report.after).toMatchObject({ inFlight: 0, handlerInFlight: 0, callsTotal: 1 });
  expect(report.tidy).toMatchObject({ inFlight: 0, handlerInFlight: 0, callsTotal: 50, handlerDurationCount: 50 });
  expect(report.warnings).toHaveLength(1);
  expect(report.warnings[0]).toContain('"leaky"');
}
