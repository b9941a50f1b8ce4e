// A handler run that answers an HTTP request.

import { statusOfError } from "../model/error-status.js";
import type { RpcStatus } from "../model/status.js";
import type { HandlerMetricsGuard } from "../registry/guard.js";
import type { ServiceCounters } from "../registry/service.js";
import { codeOf, type HttpFailure, statusOfHttp } from "./http-status.js";
import { type InstrumentOptions, statusBy } from "./options.js";
import { withWatchedBody } from "./watched-body.js";
import type { StreamWatcher } from "./watched-iterable.js";

type StatusOption = InstrumentOptions<never, HttpFailure>["status"];

export class HttpRun implements StreamWatcher {
  readonly #signal: AbortSignal | undefined;
  readonly #status: StatusOption;
  readonly #run: HandlerMetricsGuard;
  /** A throw that comes late would still be counted by the guard. Here it comes after the client has left. */
  #isOver = false;

  constructor(counters: ServiceCounters, request: Request | undefined, status: StatusOption) {
    // Read before the handler runs: some servers make the signal when it is first read, and don't abort one that they
    // make after the client has left.
    this.#signal = request?.signal ?? undefined;
    this.#status = status;
    this.#run = counters.startHandler();
    if (this.#signal?.aborted) this.#onAbort();
    else this.#signal?.addEventListener("abort", this.#onAbort);
  }

  /**
   * Ends the run with its response.
   *
   * @param bug what the handler threw, if that was no answer and the stack made the response of it.
   */
  endAnswered(response: Response | undefined, bug?: unknown): void {
    if (this.#isOver) return;
    this.#markAnswered(response, bug);
    this.#end();
  }

  /** Ends the run with the body of its response. Returns the response to send. */
  endWithBody(response: Response, bug?: unknown): Response {
    if (this.#isOver) return response;
    this.#markAnswered(response, bug);
    return withWatchedBody(response, this);
  }

  /** Ends the run without a response. */
  endThrown(error: unknown): void {
    if (this.#isOver) return;
    this.#markThrown(undefined, error, "unknown");
    this.#end();
  }

  /** The body was read to its end. */
  onEnd(): void {
    this.#end();
  }

  /** The source of the body failed, so that the client has only a part of what it was promised. */
  onError(error: unknown): void {
    this.endThrown(error);
  }

  /** The server has cancelled the body, because the client has left. */
  onLeave(): void {
    this.#run.recordStatus("cancelled");
    this.#end();
  }

  readonly #onAbort = (): void => {
    const isTimeout = statusOfError(this.#signal?.reason) === "deadline_exceeded";
    this.#run.recordStatus(isTimeout ? "deadline_exceeded" : "cancelled");
    this.#end();
  };

  #markAnswered(response: Response | undefined, bug: unknown): void {
    const fallback = statusOfHttp(codeOf(response));
    // An error handler that translates an error into another status has meant that as the answer.
    if (bug !== undefined && (fallback === "internal" || fallback === "unknown")) {
      this.#markThrown(response, bug, fallback);
    } else {
      const status = fallback === "ok" ? "ok" : statusBy(this.#status, { response, error: bug }, fallback);
      this.#run.recordStatus(status);
    }
  }

  #markThrown(response: Response | undefined, error: unknown, fallback: RpcStatus): void {
    const status = statusBy(this.#status, { response, error }, fallback);
    if (status === fallback) this.#run.threw();
    this.#run.recordStatus(status);
  }

  #end(): void {
    this.#isOver = true;
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#run.end();
  }
}
