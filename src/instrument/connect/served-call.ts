// A call on its way through the interceptors of a Connect server.

import { Code, type Interceptor } from "@connectrpc/connect";
import type { RpcStatus } from "../../model/status.js";
import type { HandlerMetricsGuard } from "../../registry/guard.js";
import type { ServiceCounters } from "../../registry/service.js";
import { isAtDeadline } from "../deadline.js";
import { type InstrumentOptions, statusBy } from "../options.js";
import { type StreamWatcher, watchedIterable } from "../watched-iterable.js";
import { answerOf, isConnectError, isDenial, type Request, type Response, watchedCall } from "./methods.js";
import { timeoutMsOf } from "./timeout.js";

export class ServedCall implements StreamWatcher, EventListenerObject {
  readonly #counters: ServiceCounters;
  readonly #request: Request;
  readonly #status: InstrumentOptions<never, unknown>["status"];
  readonly #arrivedMs = Date.now();
  #handler: HandlerMetricsGuard | undefined;
  /** Whether there was an answer or an end. Errors can come after it, such as of a handler whose caller has left. */
  #isOver = false;

  /** @param request as it came from the wire, before other interceptors. */
  constructor(counters: ServiceCounters, request: Request, status: InstrumentOptions<never, unknown>["status"]) {
    this.#counters = counters;
    this.#request = request;
    this.#status = status;
  }

  /** Called next to the handler; returns what to pass on to it. */
  watchStart(request: Request): Request {
    if (!request.stream || request.method.methodKind !== "server_streaming") {
      this.#startHandler();
      return request;
    }
    // Connect runs the handler of such a method once it has read the one request to its end. One that it can't read is
    // answered without a run, which for other methods happens before interceptors or within the handler.
    const start = { onEnd: () => this.#startHandler(), onError() {}, onLeave() {} };
    return { ...request, message: watchedIterable(request.message, start) };
  }

  /** Called next to the wire: watches what is answered, by whomever. */
  watchAnswer(next: Parameters<Interceptor>[0], request: Request): Promise<Response> {
    return watchedCall(
      next,
      request,
      (response) => {
        if (response.stream) return { ...response, message: watchedIterable(response.message, this) };
        this.onEnd();
        return response;
      },
      (error) => this.onError(error),
    );
  }

  onMessage(): void {
    const { methodKind } = this.#request.method;
    if (!this.#isOver && methodKind !== "client_streaming") this.#counters.addStreamingChunksEmitted();
  }

  onEnd(): void {
    this.#end("ok");
  }

  onError(error: unknown): void {
    if (this.#isOver) return;
    const handler = this.#handler;
    if (handler === undefined) {
      if (isDenial(error)) this.#counters.addCapabilityDenied();
      this.#isOver = true;
      return;
    }
    const fallback = answerOf(error);
    const status = statusBy(this.#status, error, fallback);
    const isAnswer = isConnectError(error) || status !== fallback;
    if (!isAnswer && !this.#request.signal.aborted) handler.threw();
    this.#end(status);
  }

  /** Connect gives up the stream: it can't be sent any more. */
  onLeave(): void {
    this.#end(this.#abortedStatus());
  }

  /** The signal was aborted. Connect does that at the end of every call, too, but what comes after an end is ignored. */
  handleEvent(): void {
    if (!isShutdown(this.#request.signal.reason)) this.#end(this.#abortedStatus());
  }

  #startHandler(): void {
    if (this.#isOver || this.#handler !== undefined) return;
    this.#handler = this.#counters.startHandler();
    const { signal } = this.#request;
    if (signal.aborted) this.handleEvent();
    else signal.addEventListener("abort", this);
  }

  #end(status: RpcStatus | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#request.signal.removeEventListener("abort", this);
    this.#handler?.recordStatus(status);
    this.#handler?.end();
  }

  #abortedStatus(): RpcStatus {
    const { signal, header } = this.#request;
    const isLate = isOfCode(signal.reason, Code.DeadlineExceeded) || isAtDeadline(this.#arrivedMs, timeoutMsOf(header));
    // Of other reasons, Connect makes several codes of how a connection was closed or a stream reset.
    return isLate ? "deadline_exceeded" : "cancelled";
  }
}

/** Whether the server is being shut down: callers are still there then, and get an answer. */
function isShutdown(reason: unknown): boolean {
  return isOfCode(reason, Code.Unavailable);
}

function isOfCode(error: unknown, code: Code): boolean {
  return isConnectError(error) && error.code === code;
}
