// What is kept of the past: samples to begin windows with, and rates to draw; both bounded.

import type { PageWindow } from "./data.js";
import { grown, type Present, type Sample } from "./sample.js";

/** Between two samples. */
export const TICK_MS = 5000;
/** Five minutes of them. */
const SPARK_TICKS = 60;
/** Rates that a tick holds for each service: calls, errors, handler runs. */
const SPARK_RATES = 3;

/**
 * A window begins with the kept sample that is nearest to where it should begin, so it is off by a twelfth at most
 * while the timer runs.
 * More would be more exact, and 1.25 MB each at 4,096 services.
 */
const SAMPLES_A_WINDOW = 6;

/** The rates between two samples. */
export interface Tick {
  readonly seconds: number;
  readonly rates: Float32Array;
}

export class History {
  #first: Sample | undefined;
  #last: Sample | undefined;
  readonly #minute = new Ring(60_000);
  readonly #hour = new Ring(3_600_000);
  readonly #ticks: Tick[] = [];

  /** Whether a sample at `nowMs` would be half a tick late: the timer has stopped, or there is none. */
  isDue(nowMs: number): boolean {
    return this.#last === undefined || nowMs - this.#last.atMs >= 1.5 * TICK_MS;
  }

  /** Keeps a sample, unless it comes so soon after another one that it would tell nothing new. */
  add(now: Present): void {
    const last = this.#last;
    if (last && now.atMs - last.atMs < TICK_MS / 2) return;
    const kept: Sample = { atMs: now.atMs, words: now.words };
    this.#first ??= kept;
    this.#last = kept;
    this.#minute.add(kept);
    this.#hour.add(kept);
    if (!last) return;
    this.#ticks.push(tick(now, last));
    if (this.#ticks.length > SPARK_TICKS) this.#ticks.shift();
  }

  /** The sample with which the window that ends now begins: that of now itself, if there is no other. */
  base(window: PageWindow, now: Sample): Sample {
    const kept = window === "start" ? this.#first : (window === "minute" ? this.#minute : this.#hour).nearest(now.atMs);
    return kept ?? now;
  }

  /** Those of the last five minutes, the oldest first; a copy, to which nothing is added. */
  get ticks(): readonly Tick[] {
    return [...this.#ticks];
  }
}

/** Samples of a window, about equally far from each other. */
class Ring {
  readonly #windowMs: number;
  readonly #samples: Sample[] = [];

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  add(sample: Sample): void {
    const samples = this.#samples;
    const newest = samples.at(-1);
    // Half a tick less, for a timer is never quite on time.
    if (newest && sample.atMs - newest.atMs < this.#windowMs / SAMPLES_A_WINDOW - TICK_MS / 2) return;
    samples.push(sample);
    // Of those beyond the window only the newest can be the nearest to where it begins.
    while (samples[1] && sample.atMs - samples[1].atMs >= this.#windowMs) samples.shift();
  }

  /**
   * The sample nearest to where a window that ends now begins. One that is not half a window old is none of it while
   * there is an older one: after a pause the next request would get a window of next to nothing.
   */
  nearest(nowMs: number): Sample | undefined {
    const distance = ({ atMs }: Sample) => Math.abs(nowMs - this.#windowMs - atMs);
    let nearest = this.#samples[0];
    for (const sample of this.#samples) {
      if (nowMs - sample.atMs < this.#windowMs / 2) break;
      if (nearest && distance(sample) < distance(nearest)) nearest = sample;
    }
    return nearest;
  }
}

/** The `rate`, 0 to 2 as in a tick, of the service with the row of this number; 0 where it was not there yet. */
export function spark(ticks: readonly Tick[], rowNumber: number, rate: number): number[] {
  return ticks.map(({ rates }) => rounded(rates[rowNumber * SPARK_RATES + rate] ?? 0));
}

function tick(now: Present, before: Sample): Tick {
  const { layout, services, words } = now;
  const seconds = (now.atMs - before.atMs) / 1000;
  const rates = new Float32Array(((words.byteLength / layout.rowBytes) | 0) * SPARK_RATES);
  for (const { row } of services) {
    const aSecond = (offset: number) => grown(now, before, row + offset) / seconds;
    const at = (row / layout.rowBytes) * SPARK_RATES;
    rates[at] = aSecond(layout.callsTotal);
    rates[at + 1] =
      aSecond(layout.errorsNoRoute) +
      aSecond(layout.errorsTimeout) +
      aSecond(layout.errorsServer) +
      aSecond(layout.errorsTransport);
    rates[at + 2] = aSecond(layout.handlerInvocationsTotal);
  }
  return { seconds, rates };
}

/**
 * Six digits are more than any of these numbers is good for, and half as long as a double in full. By arithmetic, which
 * takes half the time of `toPrecision`: a reply can hold 36,000 rates.
 */
export function rounded(value: number): number {
  let scale = 1;
  while (value > 0 && value * scale < 1e5) scale *= 10;
  return Math.round(value * scale) / scale;
}
