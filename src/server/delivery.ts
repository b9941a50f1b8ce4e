// One response under way: passes its body on to the client, and ends exactly once, whatever the cause.

import { after, nowMs } from "../runtime/timer.js";
import { nextTurn } from "../runtime/turn.js";
import type { Body, BodySource, Result } from "./body.js";
import { countUnread } from "./unread.js";

/**
 * How a response can end: `rejected` if too many were under way, `stalled` if its client read nothing for too long,
 * `aborted` by its client, `failed` with an error.
 */
export const DELIVERY_RESULTS = ["ok", "rejected", "timed_out", "aborted", "failed", "stalled"] as const;
export type DeliveryResult = (typeof DELIVERY_RESULTS)[number];

/** A client that reads nothing in this time, although there is something to read, is cut off. */
const STALLED_MS = 10_000;

/** What a delivery reports. */
export interface DeliveryObserver {
  sent(bytes: number): void;
  /** @param result undefined for a response that is not counted. */
  ended(delivery: Delivery, result: DeliveryResult | undefined, elapsedMs: number): void;
}

export class Delivery implements Body {
  /** Set by the adapter once there is a response to break off. */
  cut?: () => void;
  readonly #observer: DeliveryObserver;
  readonly #startMs = nowMs();
  readonly #limitMs: number;
  #stopTimer = () => {};
  #source: BodySource | undefined;
  /** Size of the chunk that was handed over last, until the client asks for more. */
  #unread = 0;
  /** Since when the client could have asked for more; undefined while it waits for us. */
  #idleSinceMs: number | undefined;
  #hasEnded = false;
  #result: DeliveryResult | undefined;
  /** Fulfils when the response has ended. */
  readonly ended: Promise<void>;
  #fulfilEnded = () => {};

  /** Names the work that most of the response costs, if others share it; undefined if each costs as much as the first. */
  readonly sharedWork: string | undefined;
  /** Where the client is, if that is known. */
  readonly address: string | undefined;

  /** Starts the clock: the response is cut off after `limitMs`. */
  constructor(limitMs: number, observer: DeliveryObserver, sharedWork?: string, address?: string) {
    this.#observer = observer;
    this.sharedWork = sharedWork;
    this.address = address;
    this.#limitMs = limitMs;
    this.ended = new Promise((resolve) => {
      this.#fulfilEnded = resolve;
    });
    this.#watch();
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Whether it has its body. */
  get isServed(): boolean {
    return this.#source !== undefined;
  }

  get result(): DeliveryResult | undefined {
    return this.#result;
  }

  /** How long the client has read nothing although there was something to read, in milliseconds. */
  get idleMs(): number {
    return this.#idleSinceMs === undefined ? 0 : nowMs() - this.#idleSinceMs;
  }

  /** Sets the body to pass on. Releases it at once if the response has ended meanwhile. */
  serve(source: BodySource): void {
    this.#source = source;
    this.#idleSinceMs = nowMs();
    if (this.#hasEnded) source.return();
  }

  async next(): Promise<Result> {
    try {
      this.#idleSinceMs = undefined;
      this.#setUnread(0);
      const result = await (this.#source as BodySource).next();
      if (this.#hasEnded) throw new Error("the response was cut off"); // the result may belong to an incomplete body
      if (result.done) {
        this.end("ok");
      } else {
        this.#idleSinceMs = nowMs();
        this.#setUnread(result.value.length);
        this.#observer.sent(result.value.length);
      }
      return result;
    } catch (error) {
      this.end("failed");
      throw error;
    }
  }

  return(): void {
    this.end("aborted");
  }

  /** Ends the response if its time is up: no timer says so in Workers once the client is gone. */
  checkTime(): void {
    if (nowMs() - this.#startMs >= this.#limitMs) this.cutOff("timed_out");
    else if (this.idleMs >= STALLED_MS) this.cutOff("stalled");
  }

  /** Ends the response before its body has ended, in a way that the client notices. */
  cutOff(result: DeliveryResult): void {
    if (this.#hasEnded) return;
    this.end(result);
    this.cut?.();
  }

  /** Only the first call has an effect. */
  end(result: DeliveryResult | undefined): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#result = result;
    this.#stopTimer();
    this.#setUnread(0);
    this.#source?.return();
    this.#fulfilEnded();
    this.#observer.ended(this, result, nowMs() - this.#startMs);
  }

  #watch(): void {
    const leftMs = Math.min(this.#startMs + this.#limitMs - nowMs(), STALLED_MS - this.idleMs);
    this.#stopTimer = after(Math.max(leftMs, 1), async () => {
      await nextTurn(); // after a pause of the whole process, clients first get a chance to show that they read
      this.checkTime();
      if (!this.#hasEnded) this.#watch();
    });
  }

  #setUnread(bytes: number): void {
    countUnread(bytes - this.#unread);
    this.#unread = bytes;
  }
}
