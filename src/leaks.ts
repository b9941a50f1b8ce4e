// Guards that were dropped without end(): found by garbage collection, given back, told once a service.

import type { GaugeField } from "./core/exports.js";
import { show } from "./errors.js";
import type { GuardedService } from "./guard.js";

/** What a running guard holds up. It must not hold the guard itself, which would then never be collected. */
export interface Held {
  readonly service: GuardedService;
  readonly gauge: GaugeField;
}

export function leakDetector(onLeak: () => void): FinalizationRegistry<Held> {
  const warned = new Set<GuardedService>();
  return new FinalizationRegistry(({ service, gauge }) => {
    onLeak();
    service.add(gauge, -1);
    if (warned.has(service)) return;
    warned.add(service);
    console.warn(
      `nrpc-metrics: a guard of ${show(service.name)} was dropped without end(): hold guards with \`using\``,
    );
  });
}
