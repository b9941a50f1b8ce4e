// One scrape under way: passes its body on, and ends exactly once, whatever the cause.

import { MAX_TIMER_MS, unref } from "../runtime/timer.js";
import type { Body, BodySource, Result } from "../server/body.js";
import type { ScrapeResult } from "./self-metrics.js";

/** What a scrape reports to its endpoint. */
export interface ScrapeObserver {
  sent(bytes: number): void;
  ended(scrape: Scrape, result: ScrapeResult, elapsedMs: number): void;
}

export class Scrape implements Body {
  /** Set by the adapter once there is a response to break off. */
  cut?: () => void;
  readonly #observer: ScrapeObserver;
  readonly #startMs = performance.now();
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #limitMs: number;
  #source: BodySource | undefined;
  #hasEnded = false;
  /** Fulfils when the scrape has ended. */
  readonly ended: Promise<void>;
  #fulfilEnded = () => {};

  /** Starts the clock: the scrape is cut off after `limitMs`. */
  constructor(limitMs: number, observer: ScrapeObserver) {
    this.#observer = observer;
    this.ended = new Promise((resolve) => {
      this.#fulfilEnded = resolve;
    });
    this.#limitMs = Math.min(limitMs, MAX_TIMER_MS);
    this.#timer = setTimeout(() => {
      this.end("timed_out");
      this.cut?.();
    }, this.#limitMs);
    unref(this.#timer); // a response that nobody reads must not keep the process alive
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Whether the time is up, even if no timer fired: Workers cancel a request's timers when its client disconnects. */
  get isOverdue(): boolean {
    return performance.now() - this.#startMs > this.#limitMs;
  }

  /** Sets the body to pass on. Releases it at once if the scrape has ended meanwhile. */
  serve(source: BodySource): void {
    this.#source = source;
    if (this.#hasEnded) source.return();
  }

  async next(): Promise<Result> {
    try {
      const result = await (this.#source as BodySource).next();
      if (this.#hasEnded) throw new Error("the scrape was cut off"); // the result may belong to an incomplete body
      if (result.done) this.end("ok");
      else this.#observer.sent(result.value.length);
      return result;
    } catch (error) {
      this.end("failed");
      throw error;
    }
  }

  return(): void {
    this.end("aborted");
  }

  /** Only the first call has an effect. */
  end(result: ScrapeResult): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    clearTimeout(this.#timer);
    this.#source?.return();
    this.#fulfilEnded();
    this.#observer.ended(this, result, performance.now() - this.#startMs);
  }
}
