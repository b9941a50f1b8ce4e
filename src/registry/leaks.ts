// Detects guards that were dropped without end(): when one is garbage-collected, its gauge is lowered again, and a
// warning is printed once per service.

import { show } from "../model/errors.js";
import type { GuardedService, OpenGauge } from "./guard.js";

/** @param onLeak called for each leaked guard. */
export function leakDetector(onLeak: () => void): FinalizationRegistry<OpenGauge> {
  const warned = new Set<GuardedService>();
  return new FinalizationRegistry(({ service, gauge }) => {
    onLeak();
    service.lower(gauge);
    if (warned.has(service)) return;
    warned.add(service);
    console.warn(
      `nrpc-metrics: a guard of ${show(service.name)} was dropped without end(): hold guards with \`using\``,
    );
  });
}
