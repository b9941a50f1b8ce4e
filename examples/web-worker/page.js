// A page and its worker that count in one registry. Serve both with these headers:
//   Cross-Origin-Opener-Policy: same-origin
//   Cross-Origin-Embedder-Policy: require-corp
import { createSharedRegistry } from "nrpc-metrics/threads";

const registry = createSharedRegistry();
const called = registry.forService("Text/CountWords"); // keep it: this saves a lookup per call

const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
registry.track(worker); // once is enough: on a page it covers all workers that attach
const reply = () =>
  new Promise((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
  });

worker.postMessage(registry.handle);
const isReady = reply();

document.querySelector("button").onclick = async () => {
  await isReady;
  const words = await called.observeCall(() => {
    worker.postMessage(document.title);
    return reply();
  });
  document.querySelector("pre").textContent = `${words} words\n${registry.snapshot().prometheusText()}`;
};
