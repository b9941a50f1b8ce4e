// The places of a server: how many responses may be under way, and who waits for one of them.

import { pause } from "../runtime/timer.js";
import { nextTurn } from "../runtime/turn.js";
import { inWorkers } from "../runtime/workers.js";
import type { Delivery } from "./delivery.js";

/** A client that reads nothing for this long gives its place to one that waits. */
const YIELD_MS = 1000;
/** How many may wait for each place. */
const WAITING_PER_PLACE = 10;
const CHECK_MS = 100;

/** Numbers of responses, of all servers in this process. */
export const responses = { underWay: 0, waiting: 0 };

export class Places {
  readonly #limit: number;
  readonly #underWay = new Set<Delivery>();
  /** Those that wait for a place, the longest first, and what tells them that they wait no longer. */
  readonly #queue = new Map<Delivery, () => void>();
  #isWatching = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Fulfils when `delivery` has a place, or has ended: at once as `rejected` if too many wait. In Workers nobody waits,
   * because a request can't wait for another one.
   */
  take(delivery: Delivery): Promise<void> | undefined {
    if (this.#queue.size === 0) {
      if (this.#isFull) this.#cutStalled();
      if (!this.#isFull) {
        this.#enter(delivery);
        return undefined;
      }
    }
    if (inWorkers || this.#queue.size >= WAITING_PER_PLACE * this.#limit) {
      delivery.end("rejected");
      return undefined;
    }
    return new Promise((resolve) => {
      this.#queue.set(delivery, resolve);
      responses.waiting++;
      this.#watch();
    });
  }

  /** To be called when a delivery has ended, whether it has a place, waits for one, or neither. */
  leave(delivery: Delivery): void {
    if (this.#underWay.delete(delivery)) responses.underWay--;
    this.#dequeue(delivery);
    for (const next of this.#queue.keys()) {
      if (this.#isFull) return;
      this.#enter(next);
      this.#dequeue(next);
    }
  }

  get #isFull(): boolean {
    return this.#underWay.size >= this.#limit;
  }

  #enter(delivery: Delivery): void {
    this.#underWay.add(delivery);
    responses.underWay++;
  }

  #dequeue(delivery: Delivery): void {
    const resolve = this.#queue.get(delivery);
    if (!resolve) return;
    this.#queue.delete(delivery);
    responses.waiting--;
    resolve();
  }

  /** While somebody waits, frees the places of clients that read nothing. */
  async #watch(): Promise<void> {
    if (this.#isWatching) return;
    this.#isWatching = true;
    while (this.#queue.size > 0) {
      await pause(CHECK_MS);
      await nextTurn(); // after a pause of the whole process, clients first get a chance to show that they read
      this.#cutStalled();
    }
    this.#isWatching = false;
  }

  /** Frees a place for each that waits, or one if none waits: first that of the client that has been idle longest. */
  #cutStalled(): void {
    for (const delivery of this.#underWay) delivery.checkTime();
    const idle = [...this.#underWay].filter(({ idleMs }) => idleMs >= YIELD_MS).sort((a, b) => b.idleMs - a.idleMs);
    for (const delivery of idle.slice(0, Math.max(this.#queue.size, 1))) delivery.cutOff("stalled");
  }
}
