// What a runtime's report on the live page has to contain.

import { expect } from "vitest";

export function expectPage({ html, before, data, refused, bad }) {
  expect(html.status).toBe(200);
  expect(html.nonces).toHaveLength(2);
  for (const nonce of html.nonces) expect(html.policy).toContain(`script-src 'nonce-${nonce}'`);
  expect(before).toMatchObject({ version: 1, rows: [] });
  const rows = data.rows.map((row) => row.slice(0, 19)); // columns may be added
  expect({ ...data, rows }).toMatchObject({
    version: 1,
    rows: [["echo", 3, 0, 1, 0, 0, 0, 0.0025, 0.00475, 0.00495, 0, 0, 0, null, null, null, 0, 0, 0]],
    details: [{ service: "echo", latency: [3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] }],
  });
  expect(data.spanSeconds).toBeGreaterThanOrEqual(0);
  expect(data.spanSeconds).toBeLessThan(60);
  expect(refused).toEqual({ status: 405, allow: "GET, HEAD" });
  expect(bad).toEqual({ status: 400, text: 'window must be one of minute, hour, start, got "day"\n' });
}
