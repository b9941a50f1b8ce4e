// Starts a Web Worker on a page, in Deno and in Bun.

/** `specifier`: the module that the worker imports. */
export const webWorkers = (specifier) => (message) => {
  const worker = new Worker(new URL("web-worker.js", import.meta.url), { type: "module" });
  const announced = new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message: failure }) => reject(new Error(`worker: ${failure}`));
  });
  worker.postMessage({ ...message, library: specifier });
  return { worker, announced, kill: () => worker.terminate() };
};
