// How each contender serves its text to Prometheus from node:http, as its documentation recommends.

import { metricsListener } from "../../dist/http.js";

export const LISTENERS = {
  "nrpc-metrics": metricsListener,
  "prom-client":
    ({ registry }) =>
    async (_, response) => {
      const text = await registry.metrics();
      response.setHeader("content-type", registry.contentType).end(text);
    },
  // As the exporter's own server does.
  opentelemetry:
    ({ reader, serializer }) =>
    (_, response) => {
      response.statusCode = 200;
      response.setHeader("content-type", "text/plain");
      reader.collect().then(({ resourceMetrics }) => response.end(serializer.serialize(resourceMetrics)));
    },
};
