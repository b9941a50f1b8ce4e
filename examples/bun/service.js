// A service, a client that calls it, and metrics of both: bun service.js
import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";
import { metricsHandler } from "nrpc-metrics/http";

const registry = new RpcMetricsRegistry();
const hello = registry.forService("Greeter/Hello"); // keep it: this saves a lookup per call

function greet(name) {
  if (!name) throw new Error("a name is missing");
  return new Response(`Hello, ${name}!`);
}

function serveHello({ url }) {
  if (!URL.canParse(url)) return new Response(null, { status: 400 }); // as for `Host: [`, which anybody can send
  const { searchParams } = new URL(url);
  return hello.observeHandler(() => greet(searchParams.get("name")));
}

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: process.env.PORT ?? 8080,
  routes: {
    "/metrics": metricsHandler(registry),
    "/hello": serveHello,
  },
  error: ({ message }) => new Response(message, { status: 500 }),
});

async function callHello(name) {
  using call = hello.startCall(); // ends with the block, whatever happens
  call.record(CallOutcome.Transport); // for when fetch rejects: the last outcome recorded wins
  const response = await fetch(`${server.url}hello?name=${name}`);
  call.record(response.ok ? CallOutcome.Ok : CallOutcome.ServerError);
  return await response.text();
}

for (const name of ["Ada", "Grace", ""]) console.log(await callHello(name));
console.log(`${server.url}metrics`);
