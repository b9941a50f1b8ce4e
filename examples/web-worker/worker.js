// The page's worker. Without a bundler it imports from the URL of dist/threads.js: import maps don't apply to workers.
import { attachSharedRegistry } from "nrpc-metrics/threads";

globalThis.onmessage = async ({ data: handle }) => {
  const registry = attachSharedRegistry(handle); // once per worker: each attachment takes a place
  const served = registry.forService("Text/CountWords");
  globalThis.onmessage = ({ data: text }) => postMessage(served.observeHandler(() => text.split(" ").length));
  await registry.ready; // from here on, the end of this worker is noticed, even if it hangs
  postMessage("ready");
};
