// A Connect service, a client that calls it, and metrics of both: node service.mjs
import { createServer } from "node:http";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { connectNodeAdapter, createConnectTransport } from "@connectrpc/connect-node";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { clientInterceptor, serverInterceptors, serviceNames } from "nrpc-metrics/connect";
import { metricsListener } from "nrpc-metrics/http";
import { Greeter } from "./greeter_pb.js"; // generated from greeter.proto by protoc-gen-es

const registry = new RpcMetricsRegistry({ services: serviceNames(Greeter) });

class NameMissing extends Error {}

const handlers = {
  hello({ name }) {
    if (name === "") throw new NameMissing("a name is missing");
    return { text: `Hello, ${name}!` };
  },
  async *count({ name }) {
    for (const number of [1, 2, 3]) yield { text: `${number}, ${name}` };
  },
};

/** Makes an answer of an error of the service's own: without this it would be a bug. */
const answerOwnErrors = (next) => async (request) => {
  try {
    return await next(request);
  } catch (error) {
    throw error instanceof NameMissing ? new ConnectError(error.message, Code.InvalidArgument) : error;
  }
};

const authorization = (next) => async (request) => {
  const isKnown = request.header.get("authorization") === "Bearer secret";
  if (!isKnown) throw new ConnectError("who are you?", Code.Unauthenticated);
  return await next(request);
};

const server = createServer(
  connectNodeAdapter({
    routes: (router) => router.service(Greeter, handlers),
    interceptors: serverInterceptors(registry, { interceptors: [authorization, answerOwnErrors] }),
    fallback: metricsListener(registry), // all other paths, for apps behind a proxy that hides them
  }),
);

server.listen(process.env.PORT ?? 8080, "127.0.0.1", async () => {
  const baseUrl = `http://127.0.0.1:${server.address().port}`;
  const interceptors = [clientInterceptor(registry)];
  const greeter = createClient(Greeter, createConnectTransport({ baseUrl, httpVersion: "1.1", interceptors }));
  const headers = { authorization: "Bearer secret" };
  const say = ({ text, message }) => console.log(text ?? message);
  for (const name of ["Ada", "Grace", ""]) await greeter.hello({ name }, { headers }).then(say, say);
  for await (const greeting of greeter.count({ name: "Ada" }, { headers })) say(greeting);
  await greeter.hello({ name: "stranger" }).then(say, say);
  console.log(`${baseUrl}/metrics`);
});
