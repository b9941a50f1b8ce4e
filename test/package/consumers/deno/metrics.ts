// Deno's own checker reads the package's types.

import { CallOutcome, type RpcMetricsSnapshot, RpcMetricsRegistry } from "nrpc-metrics";

const registry = new RpcMetricsRegistry({ module: new WebAssembly.Module(new Uint8Array()) });
{
  using call = registry.forService("echo").startCall();
  call.record(CallOutcome.Ok);
}
const snapshot: RpcMetricsSnapshot = registry.snapshot();
Deno.serve(() => new Response(snapshot.prometheusBytes()));
// @ts-expect-error a service's name is a string
registry.forService(1);
