// A service, a client that calls it, and metrics of both: node service.mjs
import { createServer } from "node:http";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { measuredFetch } from "nrpc-metrics/fetch";
import { metricsListener } from "nrpc-metrics/http";

const registry = new RpcMetricsRegistry();
const hello = registry.forService("Greeter/Hello"); // keep it: this saves a lookup per call

const fetchHello = measuredFetch(registry, { service: "Greeter/Hello" });
const metrics = metricsListener(registry);

const server = createServer((request, response) => {
  // Anybody can send `GET //`, of which no URL can be made: unchecked, it would end the process.
  if (!URL.canParse(request.url, "http://localhost")) return response.writeHead(400).end();
  const { pathname, searchParams } = new URL(request.url, "http://localhost");
  if (pathname === "/metrics") return metrics(request, response);
  if (pathname !== "/hello") return response.writeHead(404).end();
  try {
    const greeting = hello.observeHandler(() => {
      if (!searchParams.get("name")) throw new Error("a name is missing");
      return `Hello, ${searchParams.get("name")}!`;
    });
    response.end(greeting);
  } catch (error) {
    response.writeHead(500).end(error.message);
  }
});

async function callHello(origin, name) {
  const response = await fetchHello(`${origin}/hello?name=${name}`);
  return response.text();
}

server.listen(process.env.PORT ?? 8080, "127.0.0.1", async () => {
  const origin = `http://127.0.0.1:${server.address().port}`;
  for (const name of ["Ada", "Grace", ""]) console.log(await callHello(origin, name));
  console.log(`${origin}/metrics`);
});
