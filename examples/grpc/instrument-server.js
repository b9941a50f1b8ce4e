// The serving side: wraps the handlers of a service, so that every run is measured.

import { status } from "@grpc/grpc-js";
import { rpcStatus, serviceName } from "./names.js";

/** What grpc-js answers when a handler throws. */
const UNKNOWN_ERROR = { code: status.UNKNOWN, details: "Unknown error" };

/**
 * Returns handlers for `server.addService`. Handlers of all four kinds keep their signatures and their `this`, and
 * callers see one difference only: when an async handler rejects, plain grpc-js leaves the rejection unhandled, and
 * the process ends or the caller waits forever. Here the status in the error's `code` is the answer; an error without
 * one is a bug, which the caller gets as UNKNOWN, counts as a throw, and goes to `onRejection`.
 *
 * A run lasts until the handler has answered, its stream has finished, or the call is cancelled. Work that an
 * async handler does after that isn't timed, but a throw there counts.
 *
 * @param onRejection `(path, error) => void`
 * @example
 * server.addService(Shop.service, measureHandlers(registry, Shop.service, { FindItem, WatchPrices }));
 */
export function measureHandlers(registry, definition, handlers, onRejection = console.error) {
  const measured = {};
  for (const [name, method] of Object.entries(definition)) {
    const handle = handlers[name] ?? handlers[method.originalName];
    if (handle) measured[name] = measure(registry, method, handle.bind(handlers), onRejection);
  }
  return measured;
}

function measure(registry, { path, responseStream }, handle, onRejection) {
  const service = registry.forService(serviceName(path));
  return (call, callback) => {
    const run = service.startHandler();
    const end = (code) => {
      run.recordStatus(rpcStatus(code));
      run.end();
    };
    // The caller left or the deadline passed: the handler may never answer. Also comes after an answer.
    call.once("cancelled", () => end(status.CANCELLED));
    const { args, fail } = responseStream ? streaming(call, service, end) : answering(call, callback, end);
    const threw = () => {
      run.threw();
      run.end();
    };
    try {
      const running = handle(...args);
      // Not other thenables: calling their `then` may start what they stand for, which grpc-js wouldn't do.
      if (!(running instanceof Promise)) return;
      running.catch((error) => {
        if (isStatus(error) && (call.cancelled || fail(error))) return;
        if (call.cancelled && error?.name === "AbortError") return; // the handler has noticed that its caller left
        threw();
        fail(UNKNOWN_ERROR);
        onRejection(path, error);
      });
    } catch (error) {
      threw();
      throw error; // grpc-js answers the caller
    }
  };
}

/** Not just any number: errors from databases and from the DOM have other codes. */
function isStatus(error) {
  return (
    Number.isInteger(error?.code) &&
    error.code in status &&
    error.code !== status.OK &&
    !(error instanceof DOMException)
  );
}

/** What grpc-js sends for the error of an answer, if it has one. */
function codeOf(error) {
  if (!error) return status.OK;
  return isStatus(error) ? error.code : status.UNKNOWN;
}

function answering(call, callback, end) {
  let answered = false;
  const answer = (error, ...reply) => {
    answered = true;
    end(codeOf(error));
    callback(error, ...reply);
  };
  const fail = (failure) => {
    if (answered) return false;
    answer(failure);
    return true;
  };
  return { args: [call, answer], fail };
}

function streaming(call, service, end) {
  const { write } = call;
  call.write = (...chunk) => {
    if (call.writable) service.addStreamingChunksEmitted();
    return write.apply(call, chunk);
  };
  call.once("error", (error) => end(codeOf(error)));
  call.once("finish", () => end(status.OK));
  const fail = (failure) => {
    if (!call.writable) return false;
    call.emit("error", failure); // ends the stream, after the chunks that still wait
    return true;
  };
  return { args: [call], fail };
}
