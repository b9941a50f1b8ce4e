// A page that counts with its worker in one registry; what was measured is in globalThis.measured.

import { createSharedRegistry } from "nrpc-metrics/threads";

const registry = createSharedRegistry();
const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
registry.track(worker);

const echo = registry.forService("echo");
worker.onmessage = () => {
  const { callsTotal, handlerInvocationsTotal } = registry.snapshot().get("echo");
  globalThis.measured = { callsTotal, handlerInvocationsTotal };
};
echo.observeCall(() => worker.postMessage(registry.handle));
