// Serves /metrics to Prometheus, or to curl.

import { once } from "node:events";
import { createServer } from "node:http";
import { metricsListener } from "nrpc-metrics/http";

const HOST = "127.0.0.1";

/** Port 0 picks a free one. Rejects if the port can't be had. */
export async function serveMetrics(registry, port) {
  const metrics = metricsListener(registry);
  const server = createServer((request, response) => {
    if (request.url.replace(/\?.*/, "") === "/metrics") metrics(request, response);
    else response.writeHead(404, { "content-type": "text/plain" }).end("The metrics are at /metrics\n");
  });
  server.listen(port, HOST);
  await once(server, "listening");
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  return { address: `${HOST}:${server.address().port}`, stop };
}
