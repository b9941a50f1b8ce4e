// The machine and the versions that the numbers were measured with.

import { readFileSync } from "node:fs";
import os from "node:os";

const PEERS = [
  "prom-client",
  "@platformatic/prom-client",
  "@prometheus-io/client",
  "@opentelemetry/sdk-metrics",
  "@opentelemetry/exporter-prometheus",
  "hdr-histogram-js",
];

export function machine() {
  const [cpu] = os.cpus();
  return {
    cpu: `${cpu.model.trim()}, ${os.cpus().length} cores`,
    memory: `${Math.round(os.totalmem() / 2 ** 30)} GiB`,
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    node: `${process.version}, V8 ${process.versions.v8}`,
    load: `${os.loadavg()[0].toFixed(2)} over the last minute at the start`,
  };
}

export function versions() {
  const version = (file) => JSON.parse(readFileSync(new URL(file, import.meta.url), "utf8")).version;
  const found = { "nrpc-metrics": version("../package.json") };
  for (const peer of PEERS) found[peer] = version(`node_modules/${peer}/package.json`);
  for (const runtime of ["deno", "bun"]) {
    try {
      found[runtime] = version(`../node_modules/${runtime}/package.json`);
    } catch {
      found[runtime] = "not installed";
    }
  }
  return found;
}
