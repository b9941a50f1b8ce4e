// A gRPC service with all four kinds of methods on the loopback interface, and what its callers receive.

import { promisify } from "node:util";
import { credentials, makeGenericClientConstructor, Server, ServerCredentials } from "@grpc/grpc-js";

const toBytes = (value) => Buffer.from(JSON.stringify(value));
const fromBytes = (bytes) => JSON.parse(bytes);

function method(name, requestStream, responseStream) {
  return {
    path: `/test.Echo/${name}`,
    originalName: name[0].toLowerCase() + name.slice(1),
    requestStream,
    responseStream,
    requestSerialize: toBytes,
    requestDeserialize: fromBytes,
    responseSerialize: toBytes,
    responseDeserialize: fromBytes,
  };
}

export const ECHO = {
  One: method("One", false, false),
  Up: method("Up", true, false),
  Down: method("Down", false, true),
  Both: method("Both", true, true),
};

const Client = makeGenericClientConstructor(ECHO, "test.Echo");
const DEADLINE_MS = 60_000;

/** Runs `use(call)` against a server with `handlers`, and returns its result after the server has stopped. */
export async function serving(handlers, use) {
  const server = new Server();
  server.addService(ECHO, handlers);
  const port = await promisify(server.bindAsync).call(server, "127.0.0.1:0", ServerCredentials.createInsecure());
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  try {
    return await use((name, options = {}) => called(client, name, options));
  } finally {
    client.close();
    server.forceShutdown();
  }
}

/**
 * Makes one call and waits for its end: `{ messages, code, details, trailers }`. The call is cancelled when `cancel` resolves or after
 * `cancelAfter` messages; a streamed response is not read until `mayRead` resolves.
 */
async function called(client, name, { requests = ["tea"], deadlineMs = DEADLINE_MS, cancel, cancelAfter, mayRead }) {
  const { requestStream, responseStream } = ECHO[name];
  const messages = [];
  const call = client[name](
    ...(requestStream ? [] : [requests[0]]),
    { deadline: Date.now() + deadlineMs },
    ...(responseStream ? [] : [(error, message) => error ?? messages.push(message)]),
  );
  const status = new Promise((resolve) => {
    call.once("status", resolve);
  });
  if (requestStream) {
    for (const request of requests) call.write(request);
    call.end();
  }
  cancel?.then(() => call.cancel());
  if (responseStream) {
    call.on("error", () => {}); // the status has it, and the error may be emitted before anything is read
    await mayRead;
    try {
      for await (const message of call) if (messages.push(message) === cancelAfter) call.cancel();
    } catch {}
  }
  const { code, details, metadata } = await status;
  metadata.remove("date"); // the Date header, which may differ between two calls
  return { messages, code, details, trailers: metadata.getMap() };
}
