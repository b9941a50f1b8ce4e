// Mistakes that the types must catch: a line that compiles after all is an error here.

import { CallOutcome, RpcMetricsRegistry, ServiceCounters } from "nrpc-metrics";
import { metricsHandler, metricsListener } from "nrpc-metrics/http";
import { pageHandler } from "nrpc-metrics/page";
import { attachSharedRegistry, createSharedRegistry } from "nrpc-metrics/threads";

const registry = new RpcMetricsRegistry();
const echo = registry.forService("echo");
const call = echo.startCall();
const snapshot = registry.snapshot();
const send = () => 1;

// @ts-expect-error a service's name is a string
registry.forService(1);
// @ts-expect-error no such option
new RpcMetricsRegistry({ bucket: [1] });
// @ts-expect-error buckets are numbers
new RpcMetricsRegistry({ buckets: ["1"] });
// @ts-expect-error a clock returns milliseconds, not a Date
new RpcMetricsRegistry({ clock: () => new Date() });
// @ts-expect-error a path is not a compiled module
new RpcMetricsRegistry({ module: "core.wasm" });
// @ts-expect-error counters come from a registry
new ServiceCounters("echo");
// @ts-expect-error not one of the outcomes
call.record(5);
// @ts-expect-error outcomes have no such name
call.record(CallOutcome.Panic);
// @ts-expect-error an outcome is no string, and a status is in lower case
echo.recordCall("Ok", 1);
// @ts-expect-error statuses are written as Connect does
call.recordStatus("NOT_FOUND");
// @ts-expect-error a status is no number: RPC_STATUSES has them in the order of gRPC's
echo.startHandler().recordStatus(5);
// @ts-expect-error a handler has no outcome
echo.observeHandler(send, () => CallOutcome.Timeout);
// @ts-expect-error counts by status are added one status at a time
echo.add("callStatuses", 1);
// @ts-expect-error a call has a duration
echo.recordCall(CallOutcome.Ok);
// @ts-expect-error a duration is no string
echo.recordLatency("5ms");
// @ts-expect-error a histogram is no counter
echo.add("latencySumNs", 1);
// @ts-expect-error classify tells a status or an outcome, and no other name
echo.observeCall(send, () => "timeout");
// @ts-expect-error what fn returns comes back as it is
const text: string = echo.observeCall(send);
// @ts-expect-error a snapshot does not change
snapshot.services = [];
// @ts-expect-error nor do its rows
snapshot.services[0].callsTotal = 1;
// @ts-expect-error a service may be missing
snapshot.get("echo").callsTotal;
// @ts-expect-error a quantile is a number
snapshot.get("echo")?.latencyQuantile("0.5");
// @ts-expect-error what guards keep is private
call.core;
// @ts-expect-error rows are internal
echo.row;

export { text };

const shared = createSharedRegistry();
// @ts-expect-error threads run a core of their own
createSharedRegistry({ module: {} });
// @ts-expect-error all threads have the buckets of the registry
attachSharedRegistry(shared.handle, { buckets: [1] });
// @ts-expect-error a registry is not its handle
attachSharedRegistry(shared);
// @ts-expect-error a number is no worker
shared.track(1);
// @ts-expect-error a thread's number is no string
shared.release("1");
// @ts-expect-error a handle is the registry's
shared.handle = { version: 1 };

metricsHandler({ snapshot: () => registry.snapshot() });
pageHandler({ snapshot: async () => registry.snapshot() });
// @ts-expect-error a source returns a snapshot
metricsHandler({ snapshot: () => "text" });
// @ts-expect-error its text is not one
metricsListener({ snapshot: () => registry.snapshot().prometheusText() });
// @ts-expect-error nor is the registry itself
pageHandler({ snapshot: () => registry });
// @ts-expect-error nor nothing
metricsHandler({ snapshot: async () => undefined });
// @ts-expect-error an option is misspelt
metricsHandler(registry, { maxConcurentScrapes: 5 });
