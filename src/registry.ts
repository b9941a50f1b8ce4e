// The registry: names to counters, and the cap that keeps hostile names from growing it.

import { checkedBounds, DEFAULT_LATENCY_BUCKETS_SECS } from "./buckets.js";
import { instantiateCore } from "./core/instance.js";
import { Rows } from "./core/rows.js";
import { outOfRange, wrongType } from "./errors.js";
import { LeakDetector } from "./leaks.js";
import { compareByUtf8, OVERFLOW_SERVICE_LABEL, storedName } from "./names.js";
import { ServiceCounters, type ServiceHost } from "./service.js";
import { RpcMetricsSnapshot, type SnapshotService } from "./snapshot.js";

/** Default of `maxServices`. */
export const MAX_TRACKED_SERVICES = 4096;

const DEFAULT_MAX_SERVICE_NAME_BYTES = 1024;

/** All rows of a registry together; row addresses then stay positive as signed 32-bit numbers. */
const MAX_ROWS_BYTES = 2 ** 30;

/** `WebAssembly.Module` where the program's types know it (lib `DOM` or `WebWorker`, Deno), else any object. */
export type WebAssemblyModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer Module } } }
  ? Module
  : object;

export interface RegistryOptions {
  /**
   * Returns milliseconds, never running backwards, like `performance.now()`, which is the default. Tests
   * inject it. A clock that throws or gives NaN makes durations of 0.
   */
  clock?: () => number;
  /**
   * Upper bounds of both histograms' buckets, in seconds, inclusive: 1 to 512 finite numbers > 0,
   * strictly rising. +Inf is implicit. Default: {@link DEFAULT_LATENCY_BUCKETS_SECS}.
   */
  buckets?: readonly number[];
  /**
   * At most this many services get counters of their own; later names share one set, `__overflow__`.
   * A whole number from 1 to what 1 GiB holds (3.5 million with the default buckets). Default: 4096.
   */
  maxServices?: number;
  /** Services to register now, so that a flood of other names can't take their places. Default: none. */
  services?: readonly string[];
  /** A name longer than this many UTF-8 bytes counts under `__overflow__`. At least 1. Default: 1024. */
  maxServiceNameBytes?: number;
  /**
   * Gives a call or handler back when its guard was garbage-collected without an end, counts it in
   * `leakedGuards`, and warns once a service. Makes a guard several times as expensive. Default: false.
   */
  detectLeaks?: boolean;
  /**
   * The core, compiled from `nrpc-metrics/core.wasm`: for a Content-Security-Policy without
   * `wasm-unsafe-eval`, and for hosts that refuse to compile. Default: the core embedded in the package.
   */
  module?: WebAssemblyModule;
}

/** The registry of either entry; each adds only where its core comes from. */
export class Registry {
  readonly #services = new Map<string, ServiceCounters>();
  readonly #bounds: readonly number[];
  readonly #rows: Rows;
  readonly #host: ServiceHost;
  readonly #maxServices: number;
  readonly #maxServiceNameBytes: number;
  /** Set aside at the start: overflow must work when there is no more memory for rows. */
  readonly #overflowRow: number;
  /** Services that took one of the `maxServices` places. */
  #tracked = 0;
  #overflowLookups = 0;
  /** All services in the order of exposition, made anew when there are more than it holds. */
  #directory: readonly SnapshotService[] = [];

  /** @internal */
  constructor(options: RegistryOptions, defaultModule: () => WebAssembly.Module) {
    if (typeof options !== "object" || options === null) throw wrongType("options", "an object", options);
    const { clock, detectLeaks = false, maxServiceNameBytes = DEFAULT_MAX_SERVICE_NAME_BYTES } = options;
    const { maxServices = MAX_TRACKED_SERVICES, services = [] } = options;
    this.#bounds = checkedBounds(options.buckets ?? DEFAULT_LATENCY_BUCKETS_SECS);
    this.#maxServiceNameBytes = checkedWhole("maxServiceNameBytes", maxServiceNameBytes, Number.MAX_SAFE_INTEGER);
    if (typeof detectLeaks !== "boolean") throw wrongType("detectLeaks", "a boolean", detectLeaks);

    const core = instantiateCore(options.module ?? defaultModule());
    this.#rows = new Rows(core, this.#bounds);
    const { layout } = this.#rows;
    this.#maxServices = checkedWhole("maxServices", maxServices, Math.floor(MAX_ROWS_BYTES / layout.rowBytes) - 1);
    this.#host = { core, layout, clock: checkedClock(clock), leaks: detectLeaks ? leakDetector() : undefined };
    this.#overflowRow = this.#rows.allocate() as number;
    this.#register(services);
  }

  /**
   * The counters of the service called `name`, made on first use. Keep what it returns: a kept handle
   * saves the lookup.
   *
   * Once `maxServices` names are known, or when `name` is longer than `maxServiceNameBytes`, or when
   * memory is exhausted, a new name gets the shared set `__overflow__`, and `overflowLookups` counts it.
   * Lone surrogates in a name count as U+FFFD.
   *
   * @throws TypeError if `name` is not a string; no string makes it throw.
   */
  forService(name: string): ServiceCounters {
    return this.#services.get(name) ?? this.#find(name) ?? this.#overflow(name);
  }

  /** Number of services that a snapshot would show, the shared set `__overflow__` included. */
  get size(): number {
    return this.#services.size;
  }

  /** Lookups so far whose name got the shared set `__overflow__` instead of counters of its own. */
  get overflowLookups(): number {
    return this.#overflowLookups;
  }

  /** Guards so far that were garbage-collected before their end; 0 unless `detectLeaks` is on. */
  get leakedGuards(): number {
    return this.#host.leaks?.leakedGuards ?? 0;
  }

  /** Everything counted so far, as plain data that no longer changes. */
  snapshot(): RpcMetricsSnapshot {
    if (this.#directory.length !== this.#services.size) {
      this.#directory = Array.from(this.#services.values(), ({ name, row }) => ({
        name,
        index: this.#rows.indexOf(row),
      })).sort((a, b) => compareByUtf8(a.name, b.name));
    }
    return new RpcMetricsSnapshot({
      services: this.#directory,
      words: this.#rows.copy(),
      layout: this.#host.layout,
      bounds: this.#bounds,
    });
  }

  /** The service called `name`, new or not, or undefined where it has to share. */
  #find(name: string): ServiceCounters | undefined {
    if (typeof name !== "string") throw wrongType("service name", "a string", name);
    if (name.length > this.#maxServiceNameBytes) return undefined; // no code unit takes less than one byte
    const { stored, bytes } = storedName(name);
    return this.#services.get(stored) ?? (bytes <= this.#maxServiceNameBytes ? this.#add(stored) : undefined);
  }

  #add(name: string): ServiceCounters | undefined {
    if (this.#tracked === this.#maxServices) return undefined;
    const row = name === OVERFLOW_SERVICE_LABEL ? this.#overflowRow : this.#rows.allocate();
    if (row === undefined) return undefined;
    this.#tracked++;
    return this.#keep(name, row);
  }

  #overflow(name: string): ServiceCounters {
    if (name !== OVERFLOW_SERVICE_LABEL) this.#overflowLookups++;
    return this.#services.get(OVERFLOW_SERVICE_LABEL) ?? this.#keep(OVERFLOW_SERVICE_LABEL, this.#overflowRow);
  }

  #keep(name: string, row: number): ServiceCounters {
    const service = new ServiceCounters(name, row, this.#host);
    this.#services.set(name, service);
    return service;
  }

  #register(services: readonly string[]): void {
    if (!Array.isArray(services)) throw wrongType("services", "an array of service names", services);
    for (const [index, name] of services.entries()) {
      if (typeof name !== "string") throw wrongType(`services[${index}]`, "a string", name);
      if (this.#services.has(name) || this.#find(name)) continue;
      const { bytes } = storedName(name);
      if (bytes > this.#maxServiceNameBytes) {
        throw outOfRange(
          `services[${index}]`,
          `at most ${this.#maxServiceNameBytes} bytes long (maxServiceNameBytes)`,
          name,
        );
      }
      throw outOfRange("services", `at most ${this.#maxServices} names (maxServices)`, services.length);
    }
  }
}

function checkedWhole(option: string, value: unknown, greatest: number): number {
  if (typeof value !== "number") throw wrongType(option, "a number", value);
  if (!(Number.isInteger(value) && value >= 1 && value <= greatest)) {
    throw outOfRange(option, `a whole number from 1 to ${greatest}`, value);
  }
  return value;
}

function checkedClock(clock: unknown): () => number {
  if (clock === undefined) return () => performance.now();
  if (typeof clock !== "function") throw wrongType("clock", "a function that returns milliseconds", clock);
  const now = clock();
  if (typeof now !== "number") throw wrongType("clock()", "a number of milliseconds", now);
  return () => {
    try {
      return clock();
    } catch {
      return Number.NaN; // the core counts it as 0; a guard must not throw into its caller
    }
  };
}

function leakDetector(): LeakDetector {
  if (typeof FinalizationRegistry !== "function") {
    throw new Error(
      "detectLeaks needs FinalizationRegistry, which this runtime lacks (workerd has it from compatibility date 2025-05-05)",
    );
  }
  return new LeakDetector();
}
