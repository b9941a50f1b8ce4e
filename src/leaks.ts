// Guards that were dropped without end(): found by garbage collection, given back, told once a service.

import type { GuardedService } from "./guard.js";
import { show } from "./errors.js";

type GuardKind = "call" | "handler";

interface Watched {
  readonly service: GuardedService;
  readonly kind: GuardKind;
}

export class LeakDetector {
  /** Guards that were collected before they were ended. */
  leakedGuards = 0;
  readonly #warned = new Set<GuardedService>();
  // What it holds of a guard is its service, never the guard itself, which would then not be collected.
  readonly #guards = new FinalizationRegistry<Watched>((watched) => this.#giveBack(watched));

  watch(guard: object, service: GuardedService, kind: GuardKind): void {
    this.#guards.register(guard, { service, kind }, guard);
  }

  unwatch(guard: object): void {
    this.#guards.unregister(guard);
  }

  #giveBack({ service, kind }: Watched): void {
    this.leakedGuards++;
    if (kind === "call") service.core.dropCall(service.row);
    else service.core.dropHandler(service.row);
    if (this.#warned.has(service)) return;
    this.#warned.add(service);
    console.warn(
      `nrpc-metrics: a ${kind} guard of service ${show(service.name)} was dropped without end(); it is no longer in ` +
        "flight, and was not counted otherwise. Hold guards with `using`, or end them in a finally block.",
    );
  }
}
