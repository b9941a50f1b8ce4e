// The registry: finds the counters for a name, and caps the number of names so that hostile ones can't exhaust memory.

import { instantiateCore } from "../core/instance.js";
import { PlainStore } from "../core/plain-store.js";
import type { Store } from "../core/store.js";
import { checkedBounds, DEFAULT_LATENCY_BUCKETS_SECS } from "../model/buckets.js";
import { invalid } from "../model/errors.js";
import {
  checkName,
  DEFAULT_MAX_SERVICE_NAME_BYTES,
  encoder,
  OVERFLOW_SERVICE_LABEL,
  wellFormedCopy,
} from "../model/names.js";
import { type Check, type ChecksFor, checkedOptions, flag, func, optional, whole } from "../model/options.js";
import type { SnapshotSource } from "../model/source.js";
import { wallClockMs } from "../model/wall-clock.js";
import { ServiceDirectory } from "./directory.js";
import { makeDisposable } from "./guard.js";
import { requireGlobals } from "../runtime/globals.js";
import { describeAs } from "./inspect.js";
import { leakDetector } from "./leaks.js";
import { ServiceCounters, type ServiceHost } from "./service.js";
import { RpcMetricsSnapshot } from "./snapshot.js";
import { endLate } from "./unended.js";

/** Default of `maxServices`. */
export const MAX_TRACKED_SERVICES = 4096;

/** `WebAssembly.Module` where the program's types have it (lib `DOM` or `WebWorker`, Deno), else any object. */
export type WebAssemblyModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer Module } } }
  ? Module & object // the lib's Module has no members: alone, it would accept a string
  : object;

/** Options of {@link RpcMetricsRegistry}. */
export interface RegistryOptions {
  /**
   * Returns milliseconds and never runs backwards. Tests can inject their own clock. If it throws or does not return a
   * number, durations are 0. Default: `performance.now()`.
   */
  clock?: () => number;
  /**
   * Upper bounds of the buckets of both histograms, in seconds, inclusive: 1 to 512 finite numbers > 0, strictly
   * increasing. +Inf is implicit. Default: {@link DEFAULT_LATENCY_BUCKETS_SECS}.
   */
  buckets?: readonly number[];
  /**
   * Maximum number of services that get their own counters; later names share one set, `__overflow__`. At least 1.
   * Default: 4096.
   */
  maxServices?: number;
  /** Services to register now, so that a flood of other names can't take their places. Default: none. */
  services?: readonly string[];
  /** Names longer than this, in UTF-8 bytes, count under `__overflow__`. At least 1. Default: 1024. */
  maxServiceNameBytes?: number;
  /**
   * Finds guards that were garbage-collected before their end: subtracts each from its gauge, counts it in
   * `leakedGuards`, and prints a warning once per service. Makes a guard several times as expensive. Default: false.
   */
  detectLeaks?: boolean;
  /**
   * The core, compiled from `nrpc-metrics/core.wasm`: for hosts that run WebAssembly but refuse to compile it, such as
   * workerd with a bundler that ignores its export condition. It does not satisfy a page's Content-Security-Policy,
   * which must allow `wasm-unsafe-eval`. Default: the core that the package embeds.
   */
  module?: WebAssemblyModule;
}

const services: Check<readonly string[]> = (value = [], name) => {
  if (!Array.isArray(value)) throw invalid(name, "an array of names", value, TypeError);
  const copy: unknown[] = [...value]; // checked below, since an iterator may return something else the next time
  for (const each of copy) checkName(each);
  return copy as string[];
};

/** Checks of the options that each thread of a shared registry sets for itself. */
export const OWN_OPTIONS = {
  clock: optional(func<() => number>("a function that returns milliseconds")),
  detectLeaks: flag(false),
  services,
};

/** Checks of the options that all threads of a shared registry have in common. */
export const COMMON_OPTIONS = {
  buckets: ((value = DEFAULT_LATENCY_BUCKETS_SECS) => checkedBounds(value as readonly number[])) as Check<
    readonly number[]
  >,
  maxServices: whole(MAX_TRACKED_SERVICES),
  maxServiceNameBytes: whole(DEFAULT_MAX_SERVICE_NAME_BYTES),
};

const CHECKS = {
  ...OWN_OPTIONS,
  ...COMMON_OPTIONS,
  module: ((value) => value) as Check<WebAssemblyModule | undefined>, // the core checks it
} satisfies ChecksFor<RegistryOptions>;

/**
 * Counts RPC calls and handler runs for each service, and exposes them to Prometheus. Keep one per process, thread or
 * isolate.
 *
 * @throws TypeError or RangeError for a bad option, Error where WebAssembly can't run.
 *
 * @example
 * const registry = new RpcMetricsRegistry();
 * const echo = registry.forService("echo");
 * await echo.observeCall(() => client.echo(request));
 * console.log(registry.snapshot().prometheusText());
 */
export class RpcMetricsRegistry implements SnapshotSource {
  /** Maximum number of services that get their own counters. */
  readonly maxServices: number;
  /** All services that this thread knows of. */
  readonly #services = new Map<string, ServiceCounters>();
  readonly #store: Store;
  readonly #host: ServiceHost;
  readonly #maxServiceNameBytes: number;
  #leakedGuards = 0;
  readonly #directory = new ServiceDirectory();

  /** Creates a registry with its own memory. */
  constructor(options?: RegistryOptions);
  /**
   * @internal
   * @param store holds the rows; by default, memory that belongs to this registry alone.
   * @param deployed the core to use if the option `module` is left out; by default, the embedded one.
   */
  constructor(options?: RegistryOptions, store?: Store, deployed?: WebAssemblyModule);
  constructor(options: RegistryOptions = {}, store?: Store, deployed?: WebAssemblyModule) {
    const { buckets, clock, detectLeaks, maxServiceNameBytes, maxServices, module, services } = checkedOptions(
      options,
      CHECKS,
    );
    requireGlobals("TextEncoder", "TextDecoder");
    if (clock === undefined) requireGlobals("performance");
    if (detectLeaks) requireGlobals("FinalizationRegistry");
    this.#maxServiceNameBytes = maxServiceNameBytes;
    this.maxServices = maxServices;
    this.#store =
      store ?? new PlainStore(instantiateCore(module === undefined ? deployed : module), buckets, maxServices);
    const { core, layout } = this.#store;
    this.#host = {
      core,
      layout,
      clock: safeClock(clock),
      leaks: detectLeaks ? leakDetector(() => this.#leakedGuards++) : undefined,
      startsSlowly: !makeDisposable() || detectLeaks,
      unended: undefined,
      rowOf: (row) => ({ words: this.#store.copyRow(row), layout }),
    };
    this.#register(services);
    // Bound, so that it also works through a wrapper that forwards calls, such as Vue's proxies. Late, so that a patch of
    // the prototype reaches registries that exist already.
    const snapshot = () => Object.getPrototypeOf(this).snapshot.call(this);
    Object.defineProperty(this, "snapshot", { value: snapshot, writable: true, configurable: true });
  }

  /**
   * Returns the counters of the service called `name`, created on first use. Keep them, which saves further lookups.
   *
   * A new name gets the shared set `__overflow__` once `maxServices` names are known, if it is longer than
   * `maxServiceNameBytes`, or if memory is exhausted; `overflowLookups` counts such lookups. Lone surrogates in a name
   * are replaced with U+FFFD.
   *
   * @throws TypeError if `name` is not a string. Never throws for a string.
   *
   * @example
   * const users = registry.forService("pkg.v1.Users/Get");
   */
  forService(name: string): ServiceCounters {
    // Before the lookup, which has to join and hash the name: that takes 0.4 s for a concatenation of 400 MB.
    if (typeof name === "string" && name.length > this.#maxServiceNameBytes) return this.#overflow(name);
    return this.#services.get(name) ?? this.#find(name) ?? this.#overflow(name);
  }

  /** Number of services in a snapshot taken now, including the shared set `__overflow__` if it exists. */
  get size(): number {
    this.#store.readServices(this.#keep);
    return this.#services.size;
  }

  /** Number of lookups so far whose name got the shared set `__overflow__` instead of its own counters. */
  get overflowLookups(): number {
    return this.#store.overflowLookups;
  }

  /** Number of guards so far that were garbage-collected before their end; 0 unless `detectLeaks` is on. */
  get leakedGuards(): number {
    return this.#leakedGuards;
  }

  /**
   * Everything counted so far, as plain data that no longer changes.
   *
   * @example
   * const text = registry.snapshot().prometheusText();
   */
  snapshot(): RpcMetricsSnapshot {
    const store = this.#store;
    const { layout } = store;
    endLate(this.#host);
    store.readServices(this.#keep);
    const services = this.#directory.sorted(this.#services, store.firstRow);
    const { maxServices, overflowLookups, leakedGuards } = this;
    return new RpcMetricsSnapshot({
      services,
      words: store.copy(),
      layout,
      statistics: { maxServices, overflowLookups, leakedGuards },
    });
  }

  /** The service called `name`, new or not; undefined if it has to use the overflow set. */
  #find(name: string): ServiceCounters | undefined {
    checkName(name);
    if (name.length > this.#maxServiceNameBytes) return undefined; // each code unit takes at least one byte
    const stored = wellFormedCopy(name);
    const services = this.#services;
    if (!services.has(stored) && this.#store.room && encoder.encode(stored).length <= this.#maxServiceNameBytes)
      this.#store.addService(stored, this.#keep);
    return services.get(stored);
  }

  #overflow(name: string): ServiceCounters {
    this.#store.countOverflow(name === OVERFLOW_SERVICE_LABEL ? 0 : 1);
    this.#store.readServices(this.#keep); // another thread may have created the set earlier
    this.#keep(OVERFLOW_SERVICE_LABEL, 0);
    return this.#services.get(OVERFLOW_SERVICE_LABEL) as ServiceCounters;
  }

  /** Adds a service unless it is known. One that is called `__overflow__` is the overflow set, and gets its row. */
  readonly #keep = (name: string, row: number, createdMs = wallClockMs()): void => {
    if (this.#services.has(name)) return;
    const address = name === OVERFLOW_SERVICE_LABEL ? this.#store.overflowRow : row;
    this.#services.set(name, new ServiceCounters(name, address, this.#host, createdMs));
  };

  #register(services: readonly string[]): void {
    for (const name of services) {
      if (!this.#find(name)) throw invalid("services", "within maxServices and maxServiceNameBytes", name);
    }
  }

  static {
    describeAs(RpcMetricsRegistry, "RpcMetricsRegistry", (registry) => {
      const { size, maxServices, overflowLookups, leakedGuards } = registry;
      return { size, maxServices, overflowLookups, leakedGuards, services: [...registry.#services.keys()] };
    });
  }
}

/** The clock of guards, which must not throw into their caller: then it returns NaN, which the core counts as 0. */
function safeClock(clock: (() => number) | undefined): () => number {
  // Unary plus throws for a bigint, which a guard could not subtract.
  if (clock !== undefined) {
    return () => {
      try {
        return +clock();
      } catch {
        return Number.NaN;
      }
    };
  }
  // Not clock = performance.now, so that fake timers that replace it later are heeded.
  return () => {
    try {
      return +performance.now();
    } catch {
      return Number.NaN;
    }
  };
}
