// What is kept of the past: samples at which windows can begin, and rates for sparklines. Both are bounded.

import { fieldDelta } from "../model/delta.js";
import type { CounterField } from "../model/fields.js";
import { rowCount, rowIndex, rowNumber } from "../model/reader.js";
import type { PageWindow } from "./page-data.js";
import { rounded } from "./rounded.js";
import type { Sample, SampleWithServices } from "./sample.js";

/** Time from one sample to the next. */
export const TICK_MS = 5000;
/** Number of ticks that are kept: five minutes' worth. */
const SPARK_TICKS = 60;

/** The rates that a tick holds for each service, and the counters whose growth per second each one adds up. */
const RATES = {
  calls: ["callsTotal"],
  errors: ["errorsNoRoute", "errorsTimeout", "errorsServer", "errorsTransport"],
  handlerInvocations: ["handlerInvocationsTotal"],
} as const satisfies Readonly<Record<string, readonly CounterField[]>>;

export type RateName = keyof typeof RATES;

const RATE_NAMES = Object.keys(RATES) as readonly RateName[];

/**
 * A window begins at the kept sample that is nearest to where it should begin, so while the timer runs it is off by a
 * twelfth at most. More samples would make it more exact, at 1.25 MB each for 4,096 services.
 */
const SAMPLES_PER_WINDOW = 6;

/** The rates between two samples. */
export interface Tick {
  readonly seconds: number;
  /** Per second: those of the first row, in the order of `RATES`, then those of the next row, and so on. */
  readonly rates: Float32Array;
}

export class History {
  #first: Sample | undefined;
  #last: Sample | undefined;
  #minute = new WindowSamples(60_000);
  #hour = new WindowSamples(3_600_000);
  #ticks: Tick[] = [];

  /** Whether a sample at `nowMs` would be at least half a tick late: the timer has stopped, or there is none. */
  isDue(nowMs: number): boolean {
    return this.#last === undefined || nowMs - this.#last.atMs >= 1.5 * TICK_MS;
  }

  /** Begins anew if `now` is of another registry than what was kept: its rows belong to other services. */
  forgetOthers(now: Sample): void {
    if (this.#last === undefined || this.#last.layout === now.layout) return;
    this.#first = this.#last = undefined;
    this.#minute = new WindowSamples(60_000);
    this.#hour = new WindowSamples(3_600_000);
    this.#ticks = [];
  }

  /** Keeps a sample, unless it follows another one so closely that it would add nothing. */
  add(now: SampleWithServices): void {
    this.forgetOthers(now);
    const last = this.#last;
    if (last && now.atMs - last.atMs < TICK_MS / 2) return;
    const kept: Sample = { atMs: now.atMs, words: now.words, layout: now.layout };
    this.#first ??= kept;
    this.#last = kept;
    this.#minute.add(kept);
    this.#hour.add(kept);
    if (!last) return;
    this.#ticks.push(tick(now, last));
    if (this.#ticks.length > SPARK_TICKS) this.#ticks.shift();
  }

  /** The sample at which a window that ends `now` begins; `now` itself if there is no other. */
  base(window: PageWindow, now: Sample): Sample {
    const kept = window === "start" ? this.#first : (window === "minute" ? this.#minute : this.#hour).nearest(now.atMs);
    return kept ?? now;
  }

  /** A copy of the ticks of the last five minutes, the oldest first. */
  get ticks(): readonly Tick[] {
    return [...this.#ticks];
  }
}

/** The samples of a window, at roughly equal intervals. */
class WindowSamples {
  readonly #windowMs: number;
  readonly #samples: Sample[] = [];

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  add(sample: Sample): void {
    const samples = this.#samples;
    const newest = samples.at(-1);
    // Half a tick less, since a timer is never quite on time.
    if (newest && sample.atMs - newest.atMs < this.#windowMs / SAMPLES_PER_WINDOW - TICK_MS / 2) return;
    samples.push(sample);
    // Of the samples before the window only the newest can be the nearest to where it begins.
    while (samples[1] && sample.atMs - samples[1].atMs >= this.#windowMs) samples.shift();
  }

  /**
   * The sample nearest to where a window that ends now begins. Passes over samples less than half a window old if there
   * is an older one: otherwise the next request after a pause would get a window of almost no length.
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

/** One kind of rate for the service with this row number, one value for each tick; 0 before the service appeared. */
export function spark(ticks: readonly Tick[], number: number, rate: RateName): number[] {
  const index = number * RATE_NAMES.length + RATE_NAMES.indexOf(rate);
  return ticks.map(({ rates }) => rounded(rates[index] ?? 0));
}

function tick(now: SampleWithServices, before: Sample): Tick {
  const seconds = (now.atMs - before.atMs) / 1000;
  const rates = new Float32Array(rowCount(now) * RATE_NAMES.length);
  for (const service of now.services) {
    const row = rowIndex(service);
    const first = rowNumber(service, now.layout) * RATE_NAMES.length;
    for (const [i, name] of RATE_NAMES.entries()) {
      let delta = 0;
      for (const field of RATES[name]) delta += fieldDelta(now, before, row, field);
      rates[first + i] = delta / seconds;
    }
  }
  return { seconds, rates };
}
