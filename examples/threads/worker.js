// A worker thread of the pool: an RPC server on its own port, whose handlers count for the whole process.

import { createServer } from "node:http";
import { parentPort, workerData } from "node:worker_threads";
import { attachSharedRegistry } from "nrpc-metrics/threads";

const registry = attachSharedRegistry(workerData.metrics); // once per worker: each attachment takes a place
const match = registry.forService("Search/Match"); // keep it: this saves a lookup per call

const server = createServer((request, response) => {
  // Anybody can send `GET //`, of which no URL can be made: unchecked, it would end this thread.
  if (!URL.canParse(request.url, "http://localhost")) return response.writeHead(400).end();
  const { searchParams } = new URL(request.url, "http://localhost");
  try {
    const matches = match.observeHandler(() => new RegExp(searchParams.get("pattern")).test(searchParams.get("text")));
    response.end(String(matches));
  } catch (error) {
    response.writeHead(500).end(error.message); // the pattern is missing or invalid
  }
});

server.listen(0, "127.0.0.1", () => parentPort.postMessage(`http://127.0.0.1:${server.address().port}`));
