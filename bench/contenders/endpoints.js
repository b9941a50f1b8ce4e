// How each contender with text serves it to Prometheus from node:http, as its documentation has it.

import { metricsListener } from "../../dist/http.js";

export const LISTENERS = {
  "nrpc-metrics": metricsListener,
  "prom-client":
    ({ registry }) =>
    async (_, response) => {
      const text = await registry.metrics();
      response.setHeader("content-type", registry.contentType).end(text);
    },
  // What its exporter's own server does.
  opentelemetry:
    ({ reader, serializer }) =>
    (_, response) => {
      response.statusCode = 200;
      response.setHeader("content-type", "text/plain");
      reader.collect().then(({ resourceMetrics }) => response.end(serializer.serialize(resourceMetrics)));
    },
};
