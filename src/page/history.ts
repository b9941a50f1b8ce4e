// What is kept of the past: samples at which windows can begin, and rates for sparklines. Both are bounded.

import type { RowLayout } from "../model/data.js";
import { type KeptSample, Packing, type Tick, Unpacking } from "./kept.js";
import type { PageWindow } from "./page-data.js";
import type { Sample } from "./sample.js";

export { spark, type Tick } from "./kept.js";

/** Time from one sample to the next. */
export const TICK_MS = 5000;
/** Number of ticks that are kept: five minutes' worth. */
const SPARK_TICKS = 60;

/**
 * A window begins at the kept sample that is nearest to where it should begin, so while the timer runs it is off by a
 * twelfth at most. More samples would make it more exact, and take more memory.
 */
const SAMPLES_PER_WINDOW = 6;

/** Runs a piece of work when its turn has come; a piece takes half a millisecond. */
type Schedule = (piece: () => void) => Promise<void>;

/** Samples are packed and unpacked in pieces, between which other work runs. */
export class History {
  readonly #schedule: Schedule;
  #kept: Kept | undefined;

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
  }

  /** Whether a sample at `nowMs` would be at least half a tick late: the timer has stopped, or there is none. */
  isDue(nowMs: number): boolean {
    const last = this.#kept?.last;
    return last === undefined || nowMs - last.atMs >= 1.5 * TICK_MS;
  }

  /** Whether a sample is being packed, so that another one would not be kept. */
  get isPacking(): boolean {
    return this.#kept?.isPacking === true;
  }

  /** Begins anew if `now` is of another registry than what was kept: its rows belong to other services. */
  forgetOthers(now: Sample): void {
    if (this.#kept?.layout !== now.layout) this.#kept = new Kept(now.layout);
  }

  /**
   * Keeps a sample, unless it follows another one so closely that it would add nothing, or another one is being packed.
   * Up to some hundred services, it is kept when this returns, without waiting for the promise.
   */
  async add(now: Sample): Promise<void> {
    this.forgetOthers(now);
    const kept = this.#kept as Kept;
    const { last } = kept;
    if (kept.isPacking || (last && now.atMs - last.atMs < TICK_MS / 2)) return;
    kept.isPacking = true;
    try {
      const packing = new Packing(now, last);
      packing.step();
      while (!packing.isDone) await this.#schedule(() => packing.step());
      kept.add(packing.sample, packing.tick);
    } finally {
      kept.isPacking = false;
    }
  }

  /**
   * Chooses the sample at which a window that ends `now` begins; `now` itself if there is no other. Returns a function
   * that unpacks it, the first time it is called.
   */
  base(window: PageWindow, now: Sample): () => Promise<Sample> {
    const kept = this.#kept?.base(window, now.atMs);
    let base: Promise<Sample> | undefined;
    return () => (base ??= kept ? this.#unpacked(kept) : Promise.resolve(now));
  }

  async #unpacked(kept: KeptSample): Promise<Sample> {
    const unpacking = new Unpacking(kept);
    unpacking.step();
    while (!unpacking.isDone) await this.#schedule(() => unpacking.step());
    return unpacking.sample;
  }

  /** A copy of the ticks of the last five minutes, the oldest first. */
  get ticks(): readonly Tick[] {
    return [...(this.#kept?.ticks ?? [])];
  }
}

/** What is kept of one registry. */
class Kept {
  readonly layout: RowLayout;
  readonly ticks: Tick[] = [];
  readonly #minute = new WindowSamples(60_000);
  readonly #hour = new WindowSamples(3_600_000);
  #first: KeptSample | undefined;
  last: KeptSample | undefined;
  /** Whether a sample is on its way here. */
  isPacking = false;

  constructor(layout: RowLayout) {
    this.layout = layout;
  }

  add(sample: KeptSample, tick: Tick | undefined): void {
    this.#first ??= sample;
    this.last = sample;
    this.#minute.add(sample);
    this.#hour.add(sample);
    if (tick) this.ticks.push(tick);
    if (this.ticks.length > SPARK_TICKS) this.ticks.shift();
  }

  base(window: PageWindow, nowMs: number): KeptSample | undefined {
    return window === "start" ? this.#first : (window === "minute" ? this.#minute : this.#hour).nearest(nowMs);
  }
}

/** The samples of a window, at roughly equal intervals. */
class WindowSamples {
  readonly #windowMs: number;
  readonly #samples: KeptSample[] = [];

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  add(sample: KeptSample): void {
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
  nearest(nowMs: number): KeptSample | undefined {
    const distance = ({ atMs }: KeptSample) => Math.abs(nowMs - this.#windowMs - atMs);
    let nearest = this.#samples[0];
    for (const sample of this.#samples) {
      if (nowMs - sample.atMs < this.#windowMs / 2) break;
      if (nearest && distance(sample) < distance(nearest)) nearest = sample;
    }
    return nearest;
  }
}
