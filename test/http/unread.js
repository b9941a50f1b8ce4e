// Prints how long the process lives on after it was given responses that it does not read.

import { RpcMetricsRegistry } from "nrpc-metrics";
import { metricsHandler } from "nrpc-metrics/http";
import { pageHandler } from "nrpc-metrics/page";

const registry = new RpcMetricsRegistry({ services: ["a", "b"] });
const handlers = [metricsHandler(registry), pageHandler(registry)];
for (const handler of handlers) {
  for (const path of ["", "?format=json"]) {
    const { body } = await handler(new Request(`http://localhost/${path}`));
    await body.getReader().read();
  }
  await handler(new Request("http://localhost/"));
}
const startMs = performance.now();
process.on("exit", () => console.log(JSON.stringify({ exitedAfterMs: performance.now() - startMs })));
