// What is kept of the past: samples to begin windows with, and rates to draw; both bounded.

import type { PageWindow } from "./data.js";
import { CALLS, ERROR_KINDS, ERRORS, HANDLER_INVOCATIONS, type Sample } from "./sample.js";

/** Between two samples. */
export const TICK_MS = 5000;
const SPARK_TICKS = 60;
/** Rates that a tick holds for each service: calls, errors, handler runs. */
const SPARK_RATES = 3;

/**
 * At 4,096 services with 12 buckets a sample is 1.2 MB, so one for each tenth of a window, no more: 13 MB for both.
 * A window's true length is then at most a twentieth off.
 */
const SAMPLES_A_WINDOW = 10;
const WINDOW_MS = { minute: 60_000, hour: 3_600_000 };

/** The rates between two samples. */
interface Tick {
  readonly seconds: number;
  readonly rates: Float32Array;
}

export class History {
  #first: Sample | undefined;
  #last: Sample | undefined;
  readonly #minute = new Ring(WINDOW_MS.minute);
  readonly #hour = new Ring(WINDOW_MS.hour);
  readonly #ticks: Tick[] = [];

  /** Whether a sample at `nowMs` would be one tick late: the timer has stopped, or there is none. */
  isDue(nowMs: number): boolean {
    return this.#last === undefined || nowMs - this.#last.atMs >= 1.5 * TICK_MS;
  }

  /** Keeps a sample, unless it comes so soon after another one that it would tell nothing new. */
  add(sample: Sample, stride: number): void {
    const last = this.#last;
    if (last !== undefined && sample.atMs - last.atMs < TICK_MS / 2) return;
    this.#first ??= sample;
    this.#last = sample;
    this.#minute.add(sample);
    this.#hour.add(sample);
    if (last === undefined) return;
    this.#ticks.push(tick(sample, last, stride));
    if (this.#ticks.length > SPARK_TICKS) this.#ticks.shift();
  }

  /** The sample with which the window that ends at `nowMs` begins. */
  base(window: PageWindow, nowMs: number): Sample | undefined {
    return window === "start" ? this.#first : (window === "minute" ? this.#minute : this.#hour).nearest(nowMs);
  }

  get sparkSeconds(): number[] {
    return this.#ticks.map(({ seconds }) => rounded(seconds));
  }

  /** A service's `rate`, 0 to 2 as in a tick, a second; 0 where it was not there yet. */
  spark(service: number, rate: number): number[] {
    return this.#ticks.map(({ rates }) => rounded(rates[service * SPARK_RATES + rate] ?? 0));
  }
}

/** Samples of the last while, about equally far from each other. */
class Ring {
  readonly #windowMs: number;
  readonly #samples: Sample[] = [];

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  add(sample: Sample): void {
    const samples = this.#samples;
    const newest = samples[samples.length - 1];
    // Half a tick less, for a timer is never quite on time.
    if (newest && sample.atMs - newest.atMs < this.#windowMs / SAMPLES_A_WINDOW - TICK_MS / 2) return;
    samples.push(sample);
    // Of those beyond the window only the newest can be the nearest to where it begins.
    while (samples[1] && sample.atMs - samples[1].atMs >= this.#windowMs) samples.shift();
  }

  nearest(nowMs: number): Sample | undefined {
    const begin = nowMs - this.#windowMs;
    const distance = ({ atMs }: Sample) => Math.abs(atMs - begin);
    let nearest = this.#samples[0];
    for (const sample of this.#samples) if (nearest && distance(sample) < distance(nearest)) nearest = sample;
    return nearest;
  }
}

function tick(now: Sample, before: Sample, stride: number): Tick {
  const seconds = (now.atMs - before.atMs) / 1000;
  const rates = new Float32Array(now.count * SPARK_RATES);
  for (let service = 0; service < now.count; service++) {
    const at = service * stride;
    let errors = 0;
    for (let kind = 0; kind < ERROR_KINDS; kind++) errors += difference(now, before, at + ERRORS + kind);
    rates[service * SPARK_RATES] = difference(now, before, at + CALLS) / seconds;
    rates[service * SPARK_RATES + 1] = errors / seconds;
    rates[service * SPARK_RATES + 2] = difference(now, before, at + HANDLER_INVOCATIONS) / seconds;
  }
  return { seconds, rates };
}

/** By how much the number at `index` has grown; a service that was not there yet began at 0, one that wrapped counts 0. */
export function difference(now: Sample, before: Sample, index: number): number {
  return Math.max(0, (now.numbers[index] as number) - (before.numbers[index] ?? 0));
}

/** Six digits are more than any of these numbers is good for, and half as long as a double in full. */
export function rounded(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(6));
}
