// The endpoint of a registry whose counts are the same in every runtime. Uses nothing but web standards.

import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";
import { metricsHandler, metricsListener } from "nrpc-metrics/http";

export const LIMIT_MS = 2000;
export const MAX_SCRAPES = 4;

function countedRegistry(services) {
  const registry = new RpcMetricsRegistry();
  const outcomes = Object.values(CallOutcome);
  for (let i = 0; i < services; i++) {
    registry.forService(`service-${i}${i % 100 ? "" : ' "ü😀"'}`).recordCall(outcomes[i % outcomes.length], i * 1e6);
  }
  return registry;
}

const options = { labels: { region: "eu" }, timeoutMs: LIMIT_MS, maxConcurrentScrapes: MAX_SCRAPES };

export const makeHandler = (services) => metricsHandler(countedRegistry(services), options);
export const makeListener = (services) => metricsListener(countedRegistry(services), options);
