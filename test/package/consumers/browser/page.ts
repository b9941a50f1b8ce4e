// A page's use of the library: DOM types, a core of its own under a strict policy.

import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";

const module: WebAssembly.Module = await WebAssembly.compileStreaming(fetch("core.wasm"));
const registry = new RpcMetricsRegistry({ module });
const fetches = registry.forService(location.host);

export async function measured(url: string): Promise<Response> {
  const call = fetches.startCall();
  try {
    const response = await fetch(url);
    call.record(response.ok ? CallOutcome.Ok : CallOutcome.ServerError);
    return response;
  } finally {
    call.end();
  }
}

const body: BodyInit = registry.snapshot().prometheusBytes();
navigator.sendBeacon("/metrics", new Blob([body, registry.snapshot().prometheusText()]));
