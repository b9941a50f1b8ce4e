// A service, a client that calls it, and metrics of both: deno run --allow-net --allow-env service.js
import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";
import { measuredHandler } from "nrpc-metrics/fetch";
import { metricsHandler } from "nrpc-metrics/http";

const registry = new RpcMetricsRegistry();
const hello = registry.forService("Greeter/Hello"); // keep it: this saves a lookup per call
const metrics = metricsHandler(registry);

const serveHello = measuredHandler(registry, greet, { service: "Greeter/Hello" });

function greet(request) {
  const name = new URL(request.url).searchParams.get("name");
  if (!name) throw new Error("a name is missing");
  return new Response(`Hello, ${name}!`);
}

function serve(request) {
  if (!URL.canParse(request.url)) return new Response(null, { status: 400 }); // as for `Host: [`, which anybody can send
  const { pathname } = new URL(request.url);
  if (pathname === "/metrics") return metrics(request);
  if (pathname !== "/hello") return new Response(null, { status: 404 });
  return serveHello(request);
}

const onError = ({ message }) => new Response(message, { status: 500 });

async function callHello(origin, name) {
  using call = hello.startCall(); // ends with the block, whatever happens
  call.record(CallOutcome.Transport); // for when fetch rejects: the last outcome recorded wins
  const response = await fetch(`${origin}/hello?name=${name}`);
  call.record(response.ok ? CallOutcome.Ok : CallOutcome.ServerError);
  return await response.text();
}

const port = Number(Deno.env.get("PORT") ?? 8080);
const server = Deno.serve({ hostname: "127.0.0.1", port, onListen() {}, onError }, serve);
const origin = `http://127.0.0.1:${server.addr.port}`;
for (const name of ["Ada", "Grace", ""]) console.log(await callHello(origin, name));
console.log(`${origin}/metrics`);
