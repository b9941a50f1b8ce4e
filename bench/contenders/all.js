// The contenders by name, and the names of those that expose text. Each is imported only when it is needed.
//
// Each contender has its own loops, even though they look alike: in a shared loop, every call would be megamorphic.

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
