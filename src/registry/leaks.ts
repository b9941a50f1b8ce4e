// Guards that were dropped without end(): garbage collection finds them, their gauges are taken back, and a warning is
// printed once per service.

import { show } from "../model/errors.js";
import type { GuardedService, OpenGauge } from "./guard.js";

/** @param onLeak called for each guard found. */
export function leakDetector(onLeak: () => void): FinalizationRegistry<OpenGauge> {
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
