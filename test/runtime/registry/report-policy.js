// Run by every browser: which ways to construct a registry the page's Content-Security-Policy allows.

import { RpcMetricsRegistry } from "nrpc-metrics";

async function attempt(make) {
  try {
    const registry = await make();
    registry.forService("echo").addCapabilityDenied();
    return { counted: registry.snapshot().get("echo").capabilityDeniedTotal };
  } catch (error) {
    return { failure: error.message };
  }
}

/** The core, compiled by a worker under the worker's policy. */
function moduleFromWorker() {
  const worker = new Worker("/worker.js", { type: "module" });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onmessageerror = () => reject(new Error("the module could not be sent"));
    worker.onerror = ({ message }) => reject(new Error(`worker: ${message}`));
  }).finally(() => worker.terminate());
}

export default async function main() {
  return {
    embedded: await attempt(() => new RpcMetricsRegistry()),
    compiledHere: await attempt(async () => {
      const module = await WebAssembly.compileStreaming(fetch("/core.wasm"));
      return new RpcMetricsRegistry({ module });
    }),
    compiledInWorker: await attempt(async () => new RpcMetricsRegistry({ module: await moduleFromWorker() })),
  };
}
