// A call on its way through the interceptors of a @grpc/grpc-js server.

import {
  status as code,
  type Responder,
  type ServerInterceptingCallInterface,
  type ServerListener,
  type StatusObject,
} from "@grpc/grpc-js";
import type { RpcStatus } from "../../model/status.js";
import type { HandlerMetricsGuard } from "../../registry/guard.js";
import type { ServiceCounters } from "../../registry/service.js";
import { isAtDeadline } from "../deadline.js";
import { type InstrumentOptions, statusBy } from "../options.js";
import { type GrpcMethod, statusOfCode } from "./methods.js";

/** The status that a server answers with, as interceptors see it. */
export type GrpcAnswer = Pick<StatusObject, "code" | "details">;

/** Of Node, whose other types stay out of this project: all else of it runs without Node. */
declare function setImmediate<Value>(callback: (value: Value) => void, value: Value): void;

export class ServedCall {
  readonly #counters: ServiceCounters;
  readonly #method: GrpcMethod;
  /** In ms since 1970; Infinity for none. */
  readonly #deadlineMs: number;
  readonly #arrivedMs = Date.now();
  readonly #status: InstrumentOptions<never, GrpcAnswer>["status"];
  #handler: HandlerMetricsGuard | undefined;
  #hasRequest = false;
  #isPassingMessage = false;
  /** Whether there was an answer or an end. grpc-js can pass on more answers after the first, and some after the end. */
  #isOver = false;

  constructor(
    counters: ServiceCounters,
    method: GrpcMethod,
    call: ServerInterceptingCallInterface,
    status: InstrumentOptions<never, GrpcAnswer>["status"],
  ) {
    this.#counters = counters;
    this.#method = method;
    this.#deadlineMs = Number(call.getDeadline());
    this.#status = status;
  }

  // Hooks of interceptors as literals, since grpc-js copies them one by one: spread objects took ten times as long.

  /** Listens next to the handler, which grpc-js starts when what passes here arrives. */
  handlerListener(): ServerListener {
    return {
      onReceiveMetadata: (metadata, next) => {
        if (this.#method.requestStream) this.#startHandler();
        next(metadata);
      },
      onReceiveMessage: (message, next) => {
        this.#hasRequest = true;
        next(message);
      },
      onReceiveHalfClose: (next) => {
        if (this.#hasRequest) this.#startHandler(); // without a request grpc-js answers, and no handler runs
        next();
      },
      onCancel: () => this.#endUnanswered(),
    };
  }

  /** Listens next to the wire. grpc-js "cancels" every call at its end, also after an answer. */
  wireListener(): ServerListener {
    return { onCancel: () => this.#endUnanswered() };
  }

  /** Sees next to the wire what is answered, by whomever. */
  responder(listener: ServerListener): Responder {
    return {
      start: (next) => next(listener),
      sendMessage: (message, next) => {
        if (this.#method.responseStream && !this.#isOver) this.#counters.addStreamingChunksEmitted();
        this.#isPassingMessage = true;
        next(message);
        setImmediate(ServedCall.#passed, this);
      },
      sendStatus: (answer, next) => {
        if (!this.#isOver) this.#endAnswered(answer);
        next(answer);
      },
    };
  }

  static #passed(call: ServedCall): void {
    call.#isPassingMessage = false;
  }

  #startHandler(): void {
    if (!this.#isOver) this.#handler ??= this.#counters.startHandler();
  }

  #endAnswered(answer: GrpcAnswer): void {
    this.#isOver = true;
    const handler = this.#handler;
    if (handler === undefined) {
      if (isDenial(answer)) this.#counters.addCapabilityDenied();
      return;
    }
    const fallback = statusOfCode(answer.code);
    const status = fallback === "ok" ? "ok" : statusBy(this.#status, answer, fallback);
    if (answer.code === code.UNKNOWN && status === "unknown") handler.threw();
    handler.recordStatus(status);
    handler.end();
  }

  #endUnanswered(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#handler?.recordStatus(this.#unansweredStatus());
    this.#handler?.end();
  }

  #unansweredStatus(): RpcStatus {
    if (isAtDeadline(this.#arrivedMs, this.#deadlineMs - this.#arrivedMs)) return "deadline_exceeded";
    // If grpc-js can't serialize a message, or may not send it for its size, it ends the call within this turn of the
    // event loop. No caller can cancel as fast as that.
    return this.#isPassingMessage ? "internal" : "cancelled";
  }
}

function isDenial({ code: answered }: GrpcAnswer): boolean {
  return answered === code.UNAUTHENTICATED || answered === code.PERMISSION_DENIED;
}
