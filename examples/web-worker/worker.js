// The page's worker. Without a bundler it imports from the URL of dist/threads.js: import maps do not reach workers.
import { attachSharedRegistry } from "nrpc-metrics/threads";

globalThis.onmessage = async ({ data: handle }) => {
  const registry = attachSharedRegistry(handle); // once a worker: each attachment takes a place
  const served = registry.forService("Text/CountWords");
  globalThis.onmessage = ({ data: text }) => postMessage(served.observeHandler(() => text.split(" ").length));
  await registry.ready; // from here on its end is noticed, even if it hangs
  postMessage("ready");
};
