// What report.js has to print, in every runtime.

import { expect } from "vitest";

export function expectReport({ answers, inFlight, services }) {
  expect(answers).toEqual([
    ...["tea", "NOT_FOUND", "INTERNAL_SERVER_ERROR", "FORBIDDEN", "NOT_FOUND"],
    ...[0, 1, 2],
    ...["no answer", "no answer"],
  ]);
  expect(inFlight).toBe(0);
  const none = { calls: {}, runs: {}, threw: 0, denied: 0, emitted: 0 };
  expect(services).toEqual({
    fine: { ...none, calls: { ok: 1 }, runs: { ok: 1 } },
    missing: { ...none, calls: { not_found: 1 }, runs: { not_found: 1 } },
    buggy: { ...none, calls: { internal: 1 }, runs: { internal: 1 }, threw: 1 },
    secret: { ...none, calls: { permission_denied: 1 }, denied: 1 },
    unknown: { ...none, calls: { unimplemented: 1 } },
    stream: { ...none, calls: { ok: 1 }, runs: { ok: 1 }, emitted: 3 },
    slow: { ...none, calls: { deadline_exceeded: 1 }, runs: { cancelled: 2 } },
  });
}
