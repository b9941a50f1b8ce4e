// Answers for handlers of @grpc/grpc-js whose promises reject.

import type { sendUnaryData, ServerUnaryCall, ServerWritableStream } from "@grpc/grpc-js";
import { isAbort } from "../../model/error-shape.js";
import { invalid } from "../../model/errors.js";
import { statusOfCode } from "./methods.js";

/** Called with what a handler rejected with, if that was no answer, and the method's path, `/pkg.Service/Method`. */
export type OnRejection = (error: unknown, path: string) => void;

type Handle = (call: Call, callback?: sendUnaryData<unknown>) => unknown;
type Call = ServerUnaryCall<unknown, unknown> | ServerWritableStream<unknown, unknown>;

/** Answers with an error, unless there was an answer already or nobody waits for one: then it returns false. */
type Fail = (error: object) => boolean;

const UNKNOWN_ERROR = { code: 2, details: "Unknown error" };

/**
 * Returns the same handlers, but those that are async may reject. grpc-js leaves rejections unhandled: depending on
 * Node's settings the process ends, or the caller waits for its deadline. With this, an error with a status in its
 * `code`, from 1 to 16, is answered as it is, as grpc-js does with errors that are passed to a callback. Any other error
 * is a bug: it is answered with UNKNOWN, without its message, and passed to `onRejection`.
 *
 * Nothing is counted here: {@link serverInterceptors} sees the answers.
 *
 * @param handlers an object, or an instance of a class, as for `server.addService`. Handlers keep their `this`.
 * @param onRejection is also called for what is rejected after an answer. Default: console.error.
 * @throws TypeError if `handlers` is no object or `onRejection` no function.
 *
 * @example
 * server.addService(Shop.service, answerRejections({ Pay: async (call, callback) => callback(null, await pay(call.request)) }));
 */
export function answerRejections<Handlers extends object>(
  handlers: Handlers,
  onRejection: OnRejection = console.error,
): Handlers {
  if (typeof handlers !== "object" || handlers === null) throw invalid("handlers", "an object", handlers, TypeError);
  if (typeof onRejection !== "function") throw invalid("onRejection", "a function", onRejection, TypeError);
  return new Proxy(handlers, {
    get(_target, name) {
      const handle: unknown = Reflect.get(handlers, name); // with handlers as `this`: a proxy has no private fields
      return typeof handle === "function" ? answering(handle.bind(handlers) as Handle, onRejection) : handle;
    },
  });
}

function answering(handle: Handle, onRejection: OnRejection): Handle {
  return (call, callback) => {
    let hasAnswered = false;
    const answer: sendUnaryData<unknown> | undefined =
      callback &&
      ((...reply) => {
        hasAnswered = true;
        callback(...reply);
      });
    const fail: Fail = (error) => {
      if (call.cancelled || hasAnswered || ("writable" in call && !call.writable)) return false;
      if (answer) answer(error as Parameters<sendUnaryData<unknown>>[0]);
      else (call as ServerWritableStream<unknown, unknown>).emit("error", error); // after the chunks that still wait
      return true;
    };
    const running = handle(call, answer);
    // Not other thenables: calling `then` may start what they stand for, which grpc-js does not do.
    if (running instanceof Promise) running.catch((error) => onRejected(error, call, fail, onRejection));
    return running;
  };
}

function onRejected(error: unknown, call: Call, fail: Fail, onRejection: OnRejection): void {
  if (isAnswer(error)) {
    if (fail(error) || call.cancelled) return;
  } else {
    if (call.cancelled && isAbort(error)) return; // the handler has noticed that its caller left
    fail(UNKNOWN_ERROR);
  }
  onRejection(error, call.getPath());
}

/** Whether an error has a code of gRPC. Those of databases are strings or other numbers, and those of the DOM are its own. */
function isAnswer(error: unknown): error is object {
  if (typeof error !== "object" || error === null || error instanceof DOMException) return false;
  const { code } = error as { code?: unknown };
  return typeof code === "number" && code !== 0 && (code === 2 || statusOfCode(code) !== "unknown");
}
