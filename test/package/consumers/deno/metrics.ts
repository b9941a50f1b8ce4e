// Deno's own checker reads the package's types.

import { CallOutcome, type RpcMetricsSnapshot, RpcMetricsRegistry } from "nrpc-metrics";
import { pageHandler } from "nrpc-metrics/page";
import { attachSharedRegistry, createSharedRegistry } from "nrpc-metrics/threads";

const registry = new RpcMetricsRegistry({ module: new WebAssembly.Module(new Uint8Array()) });
{
  using call = registry.forService("echo").startCall();
  call.record(CallOutcome.Ok);
}
const snapshot: RpcMetricsSnapshot = registry.snapshot();
Deno.serve(() => new Response(snapshot.prometheusBytes()));
Deno.serve(pageHandler(registry));
// @ts-expect-error a service's name is a string
registry.forService(1);

const shared = createSharedRegistry({ maxThreads: 2 });
shared.track(new Worker(new URL("worker.ts", import.meta.url), { type: "module" }));
attachSharedRegistry(shared.handle).forService("echo").startHandler().end();
