// What a user writes to measure calls with a general-purpose client: both sides have a counter of statuses, a histogram
// and a gauge. `start(service)` returns the function to call at the end, with the status.

import { createRequire } from "node:module";
import { BOUNDS_SECONDS } from "../workload.js";

const require = createRequire(import.meta.url);

const SIDES = { client: "rpc_client", server: "rpc_server" };

const MAKERS = {
  "prom-client"() {
    const { Counter, Gauge, Histogram } = require("prom-client");
    return (prefix) => {
      const labelNames = ["service"];
      const handled = new Counter({ name: `${prefix}_handled_total`, help: "calls", labelNames: ["service", "code"] });
      const running = new Gauge({ name: `${prefix}_in_flight`, help: "in flight", labelNames });
      const name = `${prefix}_seconds`;
      const seconds = new Histogram({ name, help: "duration", labelNames, buckets: BOUNDS_SECONDS });
      return {
        raise: (labels, by) => running.inc(labels, by),
        count: (labels) => handled.inc(labels),
        observe: (labels, value) => seconds.observe(labels, value),
      };
    };
  },
  opentelemetry() {
    const { AggregationTemporality, MeterProvider, MetricReader } = require("@opentelemetry/sdk-metrics");
    class Reader extends MetricReader {
      onForceFlush() {}
      onShutdown() {}
    }
    const reader = new Reader({ aggregationTemporalitySelector: () => AggregationTemporality.CUMULATIVE });
    const meter = new MeterProvider({ readers: [reader] }).getMeter("bench");
    return (prefix) => {
      const handled = meter.createCounter(`${prefix}_handled_total`);
      const running = meter.createUpDownCounter(`${prefix}_in_flight`);
      const advice = { explicitBucketBoundaries: BOUNDS_SECONDS };
      const seconds = meter.createHistogram(`${prefix}_seconds`, { advice });
      return {
        raise: (attributes, by) => running.add(by, attributes),
        count: (attributes) => handled.add(1, attributes),
        observe: (attributes, value) => seconds.record(value, attributes),
      };
    };
  },
};

/** `{ client, server }`, each a function `start(service)`, which returns `end(code)`. */
export function byHand(library) {
  const make = MAKERS[library]();
  const sides = Object.entries(SIDES).map(([side, prefix]) => [side, starting(make(prefix))]);
  return Object.fromEntries(sides);
}

function starting({ raise, count, observe }) {
  return (service) => {
    const labels = { service };
    const startMs = performance.now();
    raise(labels, 1);
    return (code) => {
      raise(labels, -1);
      count({ service, code });
      observe(labels, (performance.now() - startMs) / 1e3);
    };
  };
}
