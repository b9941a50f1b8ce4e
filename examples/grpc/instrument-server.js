// The serving side: wraps the handlers of a service, so that each run of each of them is measured.

import { status } from "@grpc/grpc-js";
import { ChunkSink } from "./chunk-sink.js";
import { serviceName } from "./outcome.js";

/** What grpc-js answers to a throw. A rejection it would leave unhandled, and the process would end: log yours here. */
const UNKNOWN_ERROR = { code: status.UNKNOWN, details: "Unknown error" };

/**
 * Handlers are grpc-js's own, and may be async. Those that stream are async and take `(call, sink)`: they
 * emit with `sink.send(chunk)`, and the stream ends when they return.
 *
 * @example
 * server.addService(Shop.service, measureHandlers(registry, Shop.service, { FindItem, WatchPrices }));
 */
export function measureHandlers(registry, definition, handlers) {
  return Object.fromEntries(
    Object.entries(handlers).map(([name, handle]) => {
      const { path, responseStream } = definition[name];
      const service = registry.forService(serviceName(path));
      return [name, responseStream ? streaming(service, handle) : answering(service, handle)];
    }),
  );
}

function answering(service, handle) {
  return (call, callback) => {
    service.observeHandler(() => finished(handle, call, callback)).catch(() => callback(UNKNOWN_ERROR));
  };
}

/**
 * Runs a handler to its end: an async one until it settles, because it may work on after its answer or give
 * up without one, any other until it answers. Rejects if it throws.
 */
async function finished(handle, call, callback) {
  let tellAnswered;
  const answered = new Promise((resolve) => {
    tellAnswered = resolve;
  });
  const running = handle(call, (...reply) => {
    callback(...reply);
    tellAnswered();
  });
  await (running instanceof Promise ? running : answered);
}

function streaming(service, handle) {
  return (call) => {
    const sink = new ChunkSink(call, service);
    service
      .observeHandler(async () => handle(call, sink))
      .then(
        () => sink.end(),
        () => sink.end(UNKNOWN_ERROR),
      );
  };
}
