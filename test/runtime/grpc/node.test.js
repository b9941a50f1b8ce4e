// The adapter for gRPC in all Nodes, as users get it.

import { afterAll, beforeAll, expect, test } from "vitest";
import { runForJson } from "../../support/process.js";
import { nodesUnderTest } from "../../support/runtimes/node.js";
import { makeWorkspace } from "../../support/workspace.js";

let workspace;
beforeAll(() => {
  workspace = makeWorkspace("test/runtime/grpc");
});
afterAll(() => workspace?.remove());

test.each(nodesUnderTest())("in Node $version calls of all kinds count on both sides", async ({ node }) => {
  const [both, down, one, up] = await runForJson(node, ["test/runtime/grpc/report.js"], { cwd: workspace.folder });
  const idle = { inFlight: 0, handlerInFlight: 0, capabilityDeniedTotal: 0 };
  const fine = { ...idle, callsTotal: 1, latencyCount: 1, handlerInvocationsTotal: 1, handlerDurationCount: 1 };
  for (const [row, chunks] of [
    [both, 2],
    [down, 2],
    [up, 0],
  ]) {
    expect(row).toMatchObject({ ...fine, streamingChunksEmittedTotal: chunks });
    expect(row).toMatchObject({ callStatuses: { ok: 1 }, handlerStatuses: { ok: 1 } });
  }
  expect(one).toMatchObject({
    ...idle,
    service: "test.Echo/One",
    callsTotal: 4,
    errorsTimeout: 1,
    errorsServer: 2,
    callStatuses: { ok: 1, not_found: 1, unknown: 1, deadline_exceeded: 1 },
    handlerInvocationsTotal: 4,
    handlerPanicsTotal: 1,
    handlerStatuses: { ok: 1, not_found: 1, unknown: 1, deadline_exceeded: 1 },
  });
});
