// Runs measured gRPC handlers to their end, and returns the counts and what their callers received.

import { RpcMetricsRegistry } from "nrpc-metrics";
import { expect, vi } from "vitest";
import { measureHandlers } from "../../examples/grpc/instrument-server.js";
import { ECHO, serving } from "./loopback.js";

/** More than any buffer between handler and caller holds. */
export const MANY = Array.from({ length: 1000 }, (_, number) => ({ number, padding: "x".repeat(1000) }));

const COUNTS = {
  runs: "handlerInvocationsTotal",
  timed: "handlerDurationCount",
  throws: "handlerPanicsTotal",
  emitted: "streamingChunksEmittedTotal",
  dropped: "streamingChunksDroppedTotal",
};

/** The counts of one run that emits no chunks. */
export const ONE_RUN = { runs: 1, timed: 1, throws: 0, emitted: 0, dropped: 0 };

/** Runs `use` against measured handlers: its result, the calls of `onRejection`, and the counts after all runs ended. */
export async function measured(handlers, use) {
  const registry = new RpcMetricsRegistry();
  const rejections = [];
  const wrapped = measureHandlers(registry, ECHO, handlers, (path, error) => rejections.push([path, error.message]));
  const seen = await serving(wrapped, async (call) => {
    const result = await use(call);
    await vi.waitFor(() => {
      const running = registry.snapshot().services.filter((row) => row.handlerInFlight !== 0);
      expect(running.map((row) => row.service)).toEqual([]);
    });
    return result;
  });
  return { seen, rejections, counts: countsOf(registry) };
}

function countsOf(registry) {
  const counted = (row) => Object.fromEntries(Object.entries(COUNTS).map(([name, field]) => [name, row[field]]));
  return Object.fromEntries(
    registry.snapshot().services.map((row) => [row.service.replace("test.Echo/", ""), counted(row)]),
  );
}

/** Runs twice, with plain and with measured handlers, and expects callers to receive the same. `arrange` makes both. */
export async function plainAndMeasured(arrange) {
  const plain = arrange();
  const seenPlain = await serving(plain.handlers, plain.use);
  const again = arrange();
  const result = await measured(again.handlers, again.use);
  expect(result.seen).toEqual(seenPlain);
  expect(result.rejections).toEqual([]);
  return result;
}
