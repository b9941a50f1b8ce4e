// The page's worker: it serves one call.

import { attachSharedRegistry } from "nrpc-metrics/threads";

globalThis.onmessage = ({ data }) => {
  const registry = attachSharedRegistry(data);
  postMessage(registry.forService("echo").observeHandler(() => "reply"));
};
