// A gateway for the web: a POST to /pkg.Service/Method calls that method over gRPC, whatever its name.
//
// Its calls are counted by a name that comes from outside, so anybody can make up names. The registry bounds them.

import { once } from "node:events";
import { createServer } from "node:http";
import { Client, credentials } from "@grpc/grpc-js";
import { clientInterceptor } from "nrpc-metrics/grpc";

const DEADLINE_MS = 5_000;
const asItIs = (bytes) => bytes;

/** Starts it on a free port of the loopback interface, in front of the gRPC server at `address`. */
export async function startGateway(registry, address) {
  const client = new Client(address, credentials.createInsecure(), { interceptors: [clientInterceptor(registry)] });
  const server = createServer((request, response) => {
    const options = { deadline: Date.now() + DEADLINE_MS };
    client.makeUnaryRequest(request.url, asItIs, asItIs, Buffer.alloc(0), options, (error, reply) => {
      if (error) response.writeHead(502, { "content-type": "text/plain" }).end(`${error.details}\n`);
      else response.end(reply);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const stop = () => {
    server.close();
    server.closeAllConnections();
    client.close();
  };
  return { url: `http://127.0.0.1:${server.address().port}`, stop };
}
