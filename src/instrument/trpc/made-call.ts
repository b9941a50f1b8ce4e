// A call of a tRPC client, on its way through the links.

import type { Operation, OperationResultEnvelope } from "@trpc/client";
import { classifyCall } from "../../model/error-status.js";
import type { RpcStatus } from "../../model/status.js";
import type { CallMetricsGuard } from "../../registry/guard.js";
import { type InstrumentOptions, statusBy } from "../options.js";
import { type StreamWatcher, watchedIterator } from "../watched-iterable.js";
import { isAsyncIterator } from "./procedures.js";

const NOT_ABORTED = { aborted: false };

export class MadeCall<Failure> implements StreamWatcher {
  readonly #call: CallMetricsGuard;
  readonly #op: Operation;
  readonly #status: InstrumentOptions<never, Failure>["status"];
  #hasData = false;
  /** Whether the data is a stream: then its end is the end of the call. */
  #isStream = false;
  #isOver = false;

  constructor(call: CallMetricsGuard, op: Operation, status: InstrumentOptions<never, Failure>["status"]) {
    this.#call = call;
    this.#op = op;
    this.#status = status;
  }

  /** Of a subscription there are many, and some only say how its connection is doing. Returns what to pass on. */
  onResult<Envelope extends OperationResultEnvelope<unknown, unknown>>(envelope: Envelope): Envelope {
    if (this.#op.type === "subscription") return envelope;
    this.#hasData = true;
    const { result } = envelope;
    const { data } = result;
    if (!isAsyncIterator(data)) return envelope;
    this.#isStream = true;
    return { ...envelope, result: { ...result, data: watchedIterator(data, this) } };
  }

  onComplete(): void {
    if (this.#isStream) return;
    const isFine = this.#hasData || (this.#op.type === "subscription" && !this.#isAborted());
    this.#end(isFine ? "ok" : this.#statusOf(undefined));
  }

  /** Also called after every end. Before an end, it means that the caller has unsubscribed. */
  onTeardown(): void {
    if (this.#isStream) return;
    if (this.#hasData) this.#end("ok");
    else this.onLeave();
  }

  onEnd(): void {
    this.#end("ok");
  }

  /** The link has failed. */
  onFailure(error: unknown): void {
    this.#fail(error, this.#statusOf(error));
  }

  /** Reading a stream has failed: with an answer, or because the connection broke. */
  onError(error: unknown): void {
    const status = this.#statusOf(error);
    this.#fail(error, status === "unknown" ? "unavailable" : status);
  }

  onLeave(): void {
    this.#end(this.#isAborted() ? this.#statusOf(undefined) : undefined);
  }

  #isAborted(): boolean {
    return this.#op.signal?.aborted === true;
  }

  /** Links hide the reason of a signal, and what they make of an abort by us looks like one by the other side. */
  #statusOf(error: unknown): RpcStatus | undefined {
    const status = classifyCall(error, this.#op.signal ?? NOT_ABORTED);
    return status === "cancelled" && !isAnswer(error) ? undefined : status;
  }

  #fail(error: unknown, fallback: RpcStatus | undefined): void {
    if (!this.#isOver) this.#end(statusBy(this.#status, error as Failure, fallback));
  }

  #end(status: RpcStatus | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#call.recordStatus(status);
    this.#call.end();
  }
}

/** Whether a server has answered with the error. */
function isAnswer(error: unknown): boolean {
  return Boolean((error as { shape?: unknown } | null | undefined)?.shape);
}
