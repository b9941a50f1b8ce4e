// A Web Worker of the proof. It is told what to import, because import maps of pages do not reach workers.

import { work } from "./work.js";

globalThis.onmessage = async ({ data }) => work(await import(data.library), data, postMessage);
