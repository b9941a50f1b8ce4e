// The Web Worker. The message says what to import, because a page's import map does not apply to its workers.

import { webWorkers } from "./start-web-worker.js";
import { work } from "./work.js";

globalThis.onmessage = async ({ data }) =>
  work(await import(data.library), data, postMessage, webWorkers(data.library));
