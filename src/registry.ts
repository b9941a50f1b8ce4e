// The registry: names to counters, and the cap that keeps hostile names from growing it.

import { checkedBounds, DEFAULT_LATENCY_BUCKETS_SECS } from "./buckets.js";
import { instantiateCore } from "./core/instance.js";
import { Rows } from "./core/rows.js";
import type { Store } from "./core/store.js";
import { checkedWhole, invalid } from "./errors.js";
import { leakDetector } from "./leaks.js";
import { DEFAULT_MAX_SERVICE_NAME_BYTES, encoder, OVERFLOW_SERVICE_LABEL, sortKey, wellFormedCopy } from "./names.js";
import { ServiceCounters, type ServiceHost } from "./service.js";
import { RpcMetricsSnapshot, type SnapshotService } from "./snapshot.js";

/** Default of `maxServices`. */
export const MAX_TRACKED_SERVICES = 4096;

/** `WebAssembly.Module` where the program's types know it (lib `DOM` or `WebWorker`, Deno), else any object. */
export type WebAssemblyModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer Module } } }
  ? Module & object // the lib's Module has no members: alone, it would take a string
  : object;

export interface RegistryOptions {
  /**
   * Returns milliseconds, never running backwards, like `performance.now()`, which is the default. Tests
   * inject it. A clock that throws or gives no number makes durations of 0.
   */
  clock?: () => number;
  /**
   * Upper bounds of both histograms' buckets, in seconds, inclusive: 1 to 512 finite numbers > 0,
   * strictly rising. +Inf is implicit. Default: {@link DEFAULT_LATENCY_BUCKETS_SECS}.
   */
  buckets?: readonly number[];
  /**
   * At most this many services get counters of their own; later names share one set, `__overflow__`.
   * At least 1. Default: 4096.
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
   * The core, compiled from `nrpc-metrics/core.wasm`: for hosts that run WebAssembly but refuse to compile
   * it, such as workerd with a bundler that ignores its export condition. It does not get a page past a
   * Content-Security-Policy, which must allow `wasm-unsafe-eval`. Default: the core that the package embeds.
   */
  module?: WebAssemblyModule;
}

/**
 * Counts RPC calls and handler runs for each service, and exposes them to Prometheus.
 *
 * @throws TypeError or RangeError for a bad option, Error where WebAssembly can't run.
 *
 * @example
 * const registry = new RpcMetricsRegistry();
 * const echo = registry.forService("echo");
 * await echo.observeCall(() => client.echo(request));
 * console.log(registry.snapshot().prometheusText());
 */
export class RpcMetricsRegistry {
  /** So many services may get counters of their own. */
  readonly maxServices: number;
  /** All services that this thread knows of. */
  readonly #services = new Map<string, ServiceCounters>();
  readonly #store: Store;
  readonly #host: ServiceHost;
  readonly #maxServiceNameBytes: number;
  #leakedGuards = 0;
  /** All services in the order of exposition, made anew when there are more than it holds. */
  #directory: readonly SnapshotService[] = [];

  constructor(options?: RegistryOptions);
  /** @internal `store`: where services are; by default in a memory of this registry's own. */
  constructor(options: RegistryOptions, store?: Store);
  constructor(options: RegistryOptions = {}, store?: Store) {
    const {
      buckets = DEFAULT_LATENCY_BUCKETS_SECS,
      clock,
      detectLeaks,
      maxServiceNameBytes = DEFAULT_MAX_SERVICE_NAME_BYTES,
      maxServices = MAX_TRACKED_SERVICES,
      module,
      services = [],
    } = options;
    this.#maxServiceNameBytes = checkedWhole("maxServiceNameBytes", maxServiceNameBytes);
    this.maxServices = checkedWhole("maxServices", maxServices);
    this.#store = store ?? new Rows(instantiateCore(module), checkedBounds(buckets), maxServices);
    const { core, layout } = this.#store;
    this.#host = {
      core,
      layout,
      clock: checkedClock(clock),
      leaks: detectLeaks ? leakDetector(() => this.#leakedGuards++) : undefined,
    };
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
    this.#store.readServices(this.#keep);
    return this.#services.size;
  }

  /** Lookups so far whose name got the shared set `__overflow__` instead of counters of its own. */
  get overflowLookups(): number {
    return this.#store.overflowLookups;
  }

  /** Guards so far that were garbage-collected before their end; 0 unless `detectLeaks` is on. */
  get leakedGuards(): number {
    return this.#leakedGuards;
  }

  /** Everything counted so far, as plain data that no longer changes. */
  snapshot(): RpcMetricsSnapshot {
    const { first, layout } = this.#store;
    if (this.#directory.length !== this.size) {
      this.#directory = Array.from(this.#services.values(), ({ name, row, createdMs }) => ({
        name,
        row: row - first,
        createdMs,
        key: sortKey(name),
      })).sort((a, b) => (a.key < b.key ? -1 : 1));
    }
    return new RpcMetricsSnapshot({ services: this.#directory, words: this.#store.copy(), layout });
  }

  /** The service called `name`, new or not, or undefined where it has to share. */
  #find(name: string): ServiceCounters | undefined {
    if (typeof name !== "string") throw invalid("service name", "a string", name, TypeError);
    if (name.length > this.#maxServiceNameBytes) return undefined; // no code unit takes less than one byte
    const stored = wellFormedCopy(name);
    const services = this.#services;
    if (!services.has(stored) && this.#store.room && encoder.encode(stored).length <= this.#maxServiceNameBytes)
      this.#store.addService(stored, this.#keep);
    return services.get(stored);
  }

  #overflow(name: string): ServiceCounters {
    this.#store.countOverflow(name === OVERFLOW_SERVICE_LABEL ? 0 : 1);
    this.#store.readServices(this.#keep); // another thread may know when it appeared
    this.#keep(OVERFLOW_SERVICE_LABEL, 0);
    return this.#services.get(OVERFLOW_SERVICE_LABEL) as ServiceCounters;
  }

  /** The overflow set has its row, and perhaps its counters, before anything gets its name. */
  readonly #keep = (name: string, row: number, createdMs = Date.now()): void => {
    if (this.#services.has(name)) return;
    const place = name === OVERFLOW_SERVICE_LABEL ? this.#store.overflowRow : row;
    this.#services.set(name, new ServiceCounters(name, place, this.#host, createdMs));
  };

  #register(services: readonly string[]): void {
    if (!Array.isArray(services)) throw invalid("services", "an array of names", services, TypeError);
    for (const name of services) {
      if (!this.#find(name)) throw invalid("services", "within maxServices and maxServiceNameBytes", name);
    }
  }
}

function checkedClock(clock: (() => number) | undefined): () => number {
  if (clock === undefined) return () => performance.now();
  if (typeof clock !== "function") throw invalid("clock", "a function that returns milliseconds", clock, TypeError);
  return () => {
    try {
      return +clock(); // throws for a bigint, with which a guard could not reckon
    } catch {
      return Number.NaN; // the core counts it as 0; a guard must not throw into its caller
    }
  };
}
