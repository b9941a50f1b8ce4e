// Serves the live page at / for people, and /metrics for Prometheus.

import { once } from "node:events";
import { createServer } from "node:http";
import { metricsListener } from "nrpc-metrics/http";
import { pageListener } from "nrpc-metrics/page";

const HOST = "127.0.0.1";

/** Port 0 picks a free one. Rejects if the port is taken. */
export async function serveMetrics(registry, port) {
  const page = pageListener(registry);
  const listeners = new Map([
    ["/", page],
    ["/metrics", metricsListener(registry)],
  ]);
  const server = createServer((request, response) => {
    const listen = listeners.get(request.url.replace(/\?.*/, ""));
    if (listen) return listen(request, response);
    response.writeHead(404, { "content-type": "text/plain" }).end("The page is at /, the metrics are at /metrics\n");
  });
  const stop = () => {
    page.close();
    server.close();
    server.closeAllConnections();
  };
  try {
    server.listen(port, HOST);
    await once(server, "listening");
  } catch (error) {
    page.close();
    throw error;
  }
  return { address: `${HOST}:${server.address().port}`, stop };
}
