// A call that a Connect client makes.

import { Code } from "@connectrpc/connect";
import { classifyCall } from "../../model/error-status.js";
import type { RpcStatus } from "../../model/status.js";
import type { CallMetricsGuard } from "../../registry/guard.js";
import { type InstrumentOptions, statusBy } from "../options.js";
import { isConnectError } from "./methods.js";
import type { StreamWatcher } from "../watched-iterable.js";

/** Ends the guard of a call once, whichever comes first: its end, an error, or an abort while nobody reads. */
export class MadeCall implements EventListenerObject {
  readonly #guard: CallMetricsGuard;
  readonly #signal: AbortSignal;
  readonly #status: InstrumentOptions<never, unknown>["status"];
  #isOver = false;

  constructor(guard: CallMetricsGuard, signal: AbortSignal, status: InstrumentOptions<never, unknown>["status"]) {
    this.#guard = guard;
    this.#signal = signal;
    this.#status = status;
  }

  /**
   * Listens for an abort, from when there is a stream: between two reads Connect passes an abort on to no interceptor.
   * It aborts the signal at the end of every call, too, but what comes after an end is ignored.
   */
  listen(): void {
    if (this.#signal.aborted) this.handleEvent();
    else this.#signal.addEventListener("abort", this);
  }

  /** The signal was aborted. */
  handleEvent(): void {
    this.fail(this.#signal.reason);
  }

  succeed(): void {
    this.#end("ok");
  }

  /** Must be called before Connect aborts the signal for this error, since then its reason is the error. */
  fail(error: unknown): void {
    if (this.#isOver) return;
    const fallback = statusOfFailure(error, this.#signal);
    this.#isOver = true; // before the user's code, which might abort the signal
    this.#signal.removeEventListener("abort", this);
    this.#guard.recordStatus(statusBy(this.#status, error, fallback));
    this.#guard.end();
  }

  /** The reader has left the stream. */
  onLeave(): void {
    this.#end(undefined);
  }

  #end(status: RpcStatus | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#signal.removeEventListener("abort", this);
    this.#guard.recordStatus(status);
    this.#guard.end();
  }
}

/** Watches a stream for as long as somebody can read it: only the stream may hold this. */
export class MadeStream implements StreamWatcher {
  readonly #call: MadeCall;

  constructor(call: MadeCall) {
    this.#call = call;
  }

  onEnd(): void {
    this.#call.succeed();
  }

  onError(error: unknown): void {
    this.#call.fail(error);
  }

  onLeave(): void {
    this.#call.onLeave();
  }
}

function statusOfFailure(error: unknown, signal: AbortSignal): RpcStatus | undefined {
  return !signal.aborted && isOfConnection(error) ? "unavailable" : classifyCall(error, signal);
}

/**
 * How fetch says that there is no connection or that it broke: in Node, Deno, Chromium, Firefox, Safari and workerd. They
 * have nothing else in common. Bun has codes, which {@link classifyCall} knows.
 */
const FETCH_FAILURES =
  /^(fetch failed|terminated|error sending request|error reading a body|failed to fetch|network ?error|load failed|(the )?network connection (was )?lost)/i;

/** What Connect makes of RST_STREAM CANCEL, which is also what Node has for a connection that was closed. */
const CLOSED_STREAM = "http/2 stream closed";

/** Whether an error comes from the connection, where {@link classifyCall} can't see that. */
function isOfConnection(error: unknown): boolean {
  try {
    if (isConnectError(error)) return error.code === Code.Canceled && error.rawMessage.startsWith(CLOSED_STREAM);
    return error instanceof Error && typeof error.message === "string" && FETCH_FAILURES.test(error.message);
  } catch {
    return false; // a getter or a proxy threw
  }
}
