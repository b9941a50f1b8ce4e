// The contenders by name, and those among them that have text to scrape. Each is imported only when it is asked for.
//
// Each has loops of its own, alike as they look: in one that they shared, every call would be megamorphic for all.

const FILES = {
  "nrpc-metrics": "./nrpc-metrics.js",
  "prom-client": "./prom-client.js",
  "@platformatic/prom-client": "./platformatic.js",
  opentelemetry: "./opentelemetry.js",
  "hdr-histogram-js wasm": "./hdr-histogram.js",
  "node:perf_hooks": "./perf-hooks.js",
};

export const NAMES = Object.keys(FILES);
export const NAMES_WITH_TEXT = NAMES.slice(0, 4);

export function load(name) {
  return import(FILES[name]);
}
