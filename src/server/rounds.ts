// Shares snapshots: while the bodies of one are being made, newcomers wait, and then share the next snapshot and what
// is made from it. So there are few snapshots at a time for any number of clients, and each client sees everything that
// was counted before it asked.

import { nowMs, pause } from "../runtime/timer.js";
import { nextTurn } from "../runtime/turn.js";
import { inWorkers } from "../runtime/workers.js";
import { paced } from "./pace.js";
import type { SharedBody } from "./shared-body.js";

/** A body whose readers have asked for nothing in this time is held up by them, and holds nobody else up. */
const IDLE_MS = 50;
/** Nobody waits longer than this for bodies of others, so that no client can hold up the rest by reading slowly. */
const MAX_HOLD_MS = 5000;
const CHECK_MS = 5;

/** The bodies that are made from one snapshot, by what was asked for. */
export class SharedBodies {
  readonly #bodies = new Map<string, SharedBody>();

  /** The body for `key`, which `make` makes for the first reader. */
  get(key: string, make: () => SharedBody): SharedBody {
    const found = this.#bodies.get(key);
    if (found?.isOpen) return found;
    const body = make();
    this.#bodies.set(key, body);
    return body;
  }

  isBusy(idleMs: number): boolean {
    for (const body of this.#bodies.values()) if (body.isBusy(idleMs)) return true;
    return false;
  }
}

/** A snapshot and the bodies that are made from it. */
export interface Round<Snapshot> {
  readonly snapshot: Snapshot;
  readonly bodies: SharedBodies;
}

/** Who asks: a response that may end while it waits. */
interface Waiter {
  readonly hasEnded: boolean;
}

interface Waiting<Snapshot> {
  readonly waiter: Waiter;
  readonly resolve: (round: Round<Snapshot>) => void;
  readonly reject: (error: unknown) => void;
}

/** What is kept of a round: not its snapshot, which its bodies hold as long as they need it. */
interface Kept {
  readonly bodies: SharedBodies;
  readonly startMs: number;
}

export class Rounds<Snapshot extends object> {
  readonly #take: () => Snapshot | Promise<Snapshot>;
  #waiting: Waiting<Snapshot>[] = [];
  /** Undefined before the first round, and after one without a snapshot. */
  #latest: Promise<Kept | undefined> = Promise.resolve(undefined);

  constructor(take: () => Snapshot | Promise<Snapshot>) {
    this.#take = take;
  }

  /**
   * The round that begins next: at once or, while bodies of the latest one are being made, as soon as that is done. A
   * waiter that ends meanwhile is forgotten. Rejects if there is no snapshot.
   */
  join(waiter: Waiter): Promise<Round<Snapshot>> {
    if (inWorkers) return this.#alone(); // there, no request can wait for another one
    return new Promise((resolve, reject) => {
      const isFirst = this.#waiting.length === 0;
      this.#waiting = this.#waiting.filter((each) => !each.waiter.hasEnded);
      this.#waiting.push({ waiter, resolve, reject });
      if (isFirst) this.#latest = this.#serveWaiting(this.#latest); // also serves those that join meanwhile
    });
  }

  async #alone(): Promise<Round<Snapshot>> {
    return { snapshot: await this.#take(), bodies: new SharedBodies() };
  }

  async #serveWaiting(previous: Promise<Kept | undefined>): Promise<Kept | undefined> {
    const latest = await previous;
    if (latest) await made(latest);
    let served: Waiting<Snapshot>[] = [];
    const takeForWaiting = () => {
      served = this.#waiting.filter(({ waiter }) => !waiter.hasEnded);
      this.#waiting = [];
      return served.length > 0 ? this.#take() : undefined;
    };
    try {
      const snapshot = await paced(takeForWaiting); // also for those that join while it waits for its turn
      if (snapshot === undefined) return latest;
      const bodies = new SharedBodies();
      for (const { resolve } of served) resolve({ snapshot, bodies });
      return { bodies, startMs: nowMs() };
    } catch (error) {
      for (const { reject } of served) reject(error);
      return undefined;
    }
  }
}

/** Fulfils when the bodies of a round have been made, or when those that wait for that have waited long enough. */
async function made({ bodies, startMs }: Kept): Promise<void> {
  if (nowMs() - startMs < IDLE_MS) await nextTurn(); // in which its readers begin
  while (bodies.isBusy(IDLE_MS) && nowMs() - startMs < MAX_HOLD_MS) await pause(CHECK_MS);
}
