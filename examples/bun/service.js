// A service, a client that calls it, and metrics of both: bun service.js
import { RpcMetricsRegistry } from "nrpc-metrics";
import { measuredFetch, measuredHandler } from "nrpc-metrics/fetch";
import { metricsHandler } from "nrpc-metrics/http";

const registry = new RpcMetricsRegistry();
const fetchHello = measuredFetch(registry, { service: "Greeter/Hello" });

function greet({ url }) {
  if (!URL.canParse(url)) return new Response(null, { status: 400 }); // as for `Host: [`, which anybody can send
  const name = new URL(url).searchParams.get("name");
  if (!name) throw new Error("a name is missing");
  return new Response(`Hello, ${name}!`);
}

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: process.env.PORT ?? 8080,
  routes: {
    "/metrics": metricsHandler(registry),
    "/hello": measuredHandler(registry, greet, { service: "Greeter/Hello" }),
  },
  error: ({ message }) => new Response(message, { status: 500 }),
});

async function callHello(name) {
  const response = await fetchHello(`${server.url}hello?name=${name}`);
  return response.text();
}

for (const name of ["Ada", "Grace", ""]) console.log(await callHello(name));
console.log(`${server.url}metrics`);
