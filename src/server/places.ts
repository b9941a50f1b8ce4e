// The places of a server: how many responses work is done for at a time, and who waits for that. Responses whose clients
// pause take no place, only memory, and those that share the work of others take none either. So there may be five times
// as many under way as there are places.
//
// Clients at different addresses get places in turns, so that one that sends requests all the time keeps out no other.

import { pause } from "../runtime/timer.js";
import { nextTurn } from "../runtime/turn.js";
import { inWorkers } from "../runtime/workers.js";
import type { Delivery } from "./delivery.js";

/** A client that reads nothing for this long pauses. */
const PAUSE_MS = 100;
/** When there are too many, a client that reads nothing for this long is cut off for one that waits. */
const YIELD_MS = 1000;
const UNDER_WAY_PER_PLACE = 5;
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
   * Fulfils when `delivery` has a place, or has ended: as `rejected` if too many wait, at once unless others of that
   * address have fewer requests waiting. In Workers nobody waits, because a request can't wait for another one.
   */
  take(delivery: Delivery): Promise<void> | undefined {
    if (this.#queue.size === 0 && !this.#hasRoomFor(delivery)) this.#cutStalled();
    if (this.#hasRoomFor(delivery) && (this.#queue.size === 0 || this.#shares(delivery))) {
      this.#enter(delivery);
      return undefined;
    }
    if (inWorkers) {
      delivery.end("rejected");
      return undefined;
    }
    if (this.#queue.size >= WAITING_PER_PLACE * this.#limit) {
      const rejected = newestOfMost([...this.#queue.keys(), delivery]);
      rejected.end("rejected");
      if (rejected === delivery) return undefined;
    }
    return new Promise((resolve) => {
      this.#queue.set(delivery, resolve);
      responses.waiting++;
      this.#watch();
    });
  }

  /** To be called when a delivery has ended, whether it has a place, waits for one, or neither. */
  leave(delivery: Delivery): void {
    this.#dequeue(delivery);
    if (!this.#underWay.delete(delivery)) return;
    responses.underWay--;
    this.#admit();
  }

  #admit(): void {
    let working = this.#working();
    while (this.#queue.size > 0 && !this.#isCrowded) {
      const sharing = [...this.#queue.keys()].find((delivery) => this.#shares(delivery));
      if (!sharing && working >= this.#limit) return;
      const next = sharing ?? this.#nextInTurn();
      this.#enter(next);
      this.#dequeue(next);
      working++;
    }
  }

  /** Of those that wait, the one whose address has the fewest under way, and among equals the one that waits longest. */
  #nextInTurn(): Delivery {
    const counts = countByAddress(this.#underWay);
    const under = ({ address }: Delivery) => counts.get(address) ?? 0;
    return [...this.#queue.keys()].reduce((next, each) => (under(each) < under(next) ? each : next));
  }

  #hasRoomFor(delivery: Delivery): boolean {
    return !this.#isCrowded && (this.#working() < this.#limit || this.#shares(delivery));
  }

  /** How many are worked on: those whose clients read. */
  #working(): number {
    let working = 0;
    for (const { idleMs } of this.#underWay) if (idleMs < PAUSE_MS) working++;
    return working;
  }

  /** Whether one that is under way will get the same body, which has not begun yet. */
  #shares({ sharedWork }: Delivery): boolean {
    if (sharedWork === undefined) return false;
    for (const each of this.#underWay) if (each.sharedWork === sharedWork && !each.isServed) return true;
    return false;
  }

  get #isCrowded(): boolean {
    return this.#underWay.size >= UNDER_WAY_PER_PLACE * this.#limit;
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

  /** While somebody waits, looks for clients that pause. */
  async #watch(): Promise<void> {
    if (this.#isWatching) return;
    this.#isWatching = true;
    while (this.#queue.size > 0) {
      await pause(CHECK_MS);
      await nextTurn(); // after a pause of the whole process, clients first get a chance to show that they read
      this.#cutStalled();
      this.#admit();
    }
    this.#isWatching = false;
  }

  /** If there are too many responses, ends one for each that waits, or one if none waits: those idle longest first. */
  #cutStalled(): void {
    for (const delivery of this.#underWay) delivery.checkTime();
    if (!this.#isCrowded) return;
    const idle = [...this.#underWay].filter(({ idleMs }) => idleMs >= YIELD_MS).sort((a, b) => b.idleMs - a.idleMs);
    for (const delivery of idle.slice(0, Math.max(this.#queue.size, 1))) delivery.cutOff("stalled");
  }
}

function countByAddress(deliveries: Iterable<Delivery>): Map<string | undefined, number> {
  const counts = new Map<string | undefined, number>();
  for (const { address } of deliveries) counts.set(address, (counts.get(address) ?? 0) + 1);
  return counts;
}

/** The newest of those at the address that most of them are at. */
function newestOfMost(deliveries: readonly Delivery[]): Delivery {
  const counts = countByAddress(deliveries);
  const count = ({ address }: Delivery) => counts.get(address) as number;
  return deliveries.reduce((found, each) => (count(each) >= count(found) ? each : found));
}
