// Detects guards that were dropped without end(): when one is garbage-collected, its gauge is lowered again, and a
// warning is printed once per service.

import { show } from "../model/errors.js";
import type { GaugeField } from "../model/fields.js";

/** A gauge that a running guard has raised by 1. Must not refer to the guard, which could then never be collected. */
export interface OpenGauge {
  readonly service: LeakingService;
  readonly gauge: GaugeField;
  /** False until the gauge has been raised, which can fail for lack of stack. */
  isRaised: boolean;
}

interface LeakingService {
  readonly name: string;
  /** Subtracts 1 from a gauge. Never throws. */
  lower(gauge: GaugeField): void;
}

export type LeakDetector = FinalizationRegistry<OpenGauge>;

/** @param onLeak called for each leaked guard. */
export function leakDetector(onLeak: () => void): LeakDetector {
  const warned = new Set<LeakingService>();
  return new FinalizationRegistry(({ service, gauge, isRaised }) => {
    if (!isRaised) return;
    onLeak();
    service.lower(gauge);
    if (warned.has(service)) return;
    warned.add(service);
    console.warn(
      `nrpc-metrics: a guard of ${show(service.name)} was dropped without end(): hold guards with \`using\``,
    );
  });
}
