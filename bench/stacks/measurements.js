// The ways to measure a stack: each is a function that returns what to give to its client and its server.

import { RpcMetricsRegistry } from "../../dist/index.js";
import { byHand } from "./by-hand.js";

/**
 * @param service the name under which the stack's calls are counted
 * @param empty what the stack calls a hook that does nothing
 * @param handMade makes hooks of `{ client, server }`, functions that begin a measurement and return how to end it
 * @param adapted makes those of nrpc-metrics for a registry
 */
export function measurements(service, empty, handMade, adapted) {
  return {
    nothing: () => ({}),
    [empty]: () => handMade({ client: () => () => {}, server: () => () => {} }),
    "nrpc-metrics"() {
      const registry = new RpcMetricsRegistry();
      const counts = () => {
        const { callsTotal, handlerInvocationsTotal } = registry.snapshot().get(service);
        return [callsTotal, handlerInvocationsTotal];
      };
      return { ...adapted(registry), counts };
    },
    "prom-client, by hand": () => handMade(byHand("prom-client")),
    "OpenTelemetry metrics, by hand": () => handMade(byHand("opentelemetry")),
  };
}
