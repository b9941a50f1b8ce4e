// A run of a tRPC procedure, from its start until what it answers is known.

import { observable, type Observable } from "@trpc/server/observable";
import { classifyCall, statusOfTrpcCode } from "../../model/error-status.js";
import type { RpcStatus } from "../../model/status.js";
import type { HandlerMetricsGuard } from "../../registry/guard.js";
import type { ServiceCounters } from "../../registry/service.js";
import { type InstrumentOptions, statusBy } from "../options.js";
import { type StreamWatcher, watchedIterable, watchedIterator } from "../watched-iterable.js";
import { isAsyncIterator, type TrpcProcedure } from "./procedures.js";

/** What a procedure failed with: a `TRPCError`, or what tRPC is about to make of an exception. */
export interface TrpcFailure {
  /** Such as `NOT_FOUND`. For an exception it is `INTERNAL_SERVER_ERROR`. */
  readonly code: string;
  /** What is sent to the caller. */
  readonly message: string;
  /** For an exception, what was thrown. */
  readonly cause?: unknown;
}

/** The option `status` of the serving side. */
export type StatusOfFailure = InstrumentOptions<never, TrpcFailure>["status"];

/** What middlewares use of what tRPC's `next()` fulfils with. */
export interface TrpcResult {
  /** Whether the procedure has returned. */
  readonly ok: boolean;
  /** What it returned. */
  readonly data?: unknown;
  /** A `TRPCError` if it has not. */
  readonly error?: unknown;
}

/** The status of a refusal or a failure, as the option says it. */
export function statusOfFailure(failure: TrpcFailure, status: StatusOfFailure): RpcStatus | undefined {
  return statusBy(status, failure, statusOfTrpcCode(failure.code, failure.message));
}

/** As tRPC sees what was thrown: all but its own errors are internal ones. */
export function failureOf(error: unknown): TrpcFailure {
  const code = "INTERNAL_SERVER_ERROR";
  if (!(error instanceof Error)) return { code, message: "", cause: error };
  return error.name === "TRPCError" ? (error as Error & TrpcFailure) : { code, message: error.message, cause: error };
}

export class Run implements StreamWatcher {
  readonly #counters: ServiceCounters;
  readonly #type: TrpcProcedure["type"];
  readonly #signal: AbortSignal | undefined;
  readonly #status: StatusOfFailure;
  readonly #handler: HandlerMetricsGuard;
  #isOver = false;

  constructor(
    counters: ServiceCounters,
    { type, signal }: Pick<TrpcProcedure, "type"> & { readonly signal: AbortSignal | undefined },
    status: StatusOfFailure,
  ) {
    this.#counters = counters;
    this.#type = type;
    this.#signal = signal;
    this.#status = status;
    this.#handler = counters.startHandler();
  }

  /** Whether the run has ended. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Takes what the run has answered, and returns what to pass on: the same, with its stream watched if it has one. */
  onResult<Result extends TrpcResult | undefined>(result: Result): Result {
    if (!result?.ok) {
      this.onError(result?.error);
      return result;
    }
    const stream = this.#watched(result.data);
    if (stream === undefined || this.#signal?.aborted) {
      this.onEnd();
      return result;
    }
    // A stream that waits for its next message does not notice that its reader has left.
    this.#signal?.addEventListener("abort", this.onLeave);
    return { ...result, data: stream };
  }

  onMessage(): void {
    if (!this.#isOver) this.#counters.addStreamingChunksEmitted();
  }

  onEnd(): void {
    this.#end(this.#statusOfAbort() ?? "ok");
  }

  onError(error: unknown): void {
    if (this.#isOver) return;
    const aborted = this.#statusOfAbort();
    if (aborted !== undefined) {
      this.#end(aborted);
      return;
    }
    const failure = failureOf(error);
    const status = statusOfFailure(failure, this.#status);
    if (failure.code === "INTERNAL_SERVER_ERROR" && failure.cause !== undefined && status === "internal")
      this.#handler.threw();
    this.#end(status);
  }

  readonly onLeave = (): void => {
    this.#end(this.#statusOfAbort() ?? "cancelled");
  };

  #watched(data: unknown): unknown {
    if (isAsyncIterator(data)) return watchedIterator(data, this);
    if (this.#type !== "subscription" || typeof data !== "object" || data === null) return undefined;
    if (Symbol.asyncIterator in data) return watchedIterable(data as AsyncIterable<unknown>, this);
    return "subscribe" in data ? this.#watchedObservable(data as Observable<unknown, unknown>) : undefined;
  }

  #watchedObservable(source: Observable<unknown, unknown>): Observable<unknown, unknown> {
    return observable((observer) => {
      const subscription = source.subscribe({
        next: (value) => {
          this.onMessage();
          observer.next(value);
        },
        error: (error) => {
          this.onError(error);
          observer.error(error);
        },
        complete: () => {
          this.onEnd();
          observer.complete();
        },
      });
      return () => {
        this.onLeave();
        subscription.unsubscribe();
      };
    });
  }

  /** What it means that the caller has left, or undefined if it has not. */
  #statusOfAbort(): RpcStatus | undefined {
    return this.#signal?.aborted ? (classifyCall(undefined, this.#signal) ?? "cancelled") : undefined;
  }

  #end(status: RpcStatus | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#signal?.removeEventListener("abort", this.onLeave);
    this.#handler.recordStatus(status);
    this.#handler.end();
  }
}
