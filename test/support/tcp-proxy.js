// A connection that a test can break.

import { once } from "node:events";
import { connect, createServer } from "node:net";
import { onTestFinished } from "vitest";

/**
 * Passes bytes on to `port` of the loopback interface, from the port that it returns, until `reset` resets all connections
 * or `close` closes them.
 */
export async function tcpProxy(port) {
  const sockets = new Set();
  const server = createServer((socket) => {
    const upstream = connect(port, "127.0.0.1");
    socket.pipe(upstream).pipe(socket);
    for (const each of [socket, upstream]) {
      sockets.add(each);
      each.on("error", () => {});
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const stop = (method) => () => {
    server.close();
    for (const socket of sockets) socket[method]();
  };
  onTestFinished(stop("destroy"));
  return { port: server.address().port, reset: stop("resetAndDestroy"), close: stop("destroy") };
}
