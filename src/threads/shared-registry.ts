// The registry in memory that threads share: creating it, attaching to it, and releasing threads that have ended.

import { VERSION } from "../core/shared/header.js";
import { MAX_THREADS } from "../core/shared/memory.js";
import { makeParts, readParts, type SharedParts } from "../core/shared/parts.js";
import { SharedStore } from "../core/shared/shared-store.js";
import { invalid } from "../model/errors.js";
import { checkName, encoder } from "../model/names.js";
import { type Check, type Checked, type ChecksFor, checkedOptions } from "../model/options.js";
import { COMMON_OPTIONS, OWN_OPTIONS, type RegistryOptions, RpcMetricsRegistry } from "../registry/registry.js";
import { canWatch, holdLock, watchLocks } from "./liveness.js";
import { onExit, type TrackableWorker } from "./worker.js";

/** Options of {@link createSharedRegistry}: those of `RpcMetricsRegistry` without `module`, and `maxThreads`. */
export interface SharedRegistryOptions extends Omit<RegistryOptions, "module"> {
  /**
   * Maximum number of threads attached at the same time, including the creating thread: a whole number from 1 to 1024.
   * Each place takes memory once a thread uses it, for a row for each of `maxServices` services: 2.4 MB by default.
   * Default: 16.
   */
  maxThreads?: number;
}

/** Options of {@link attachSharedRegistry}: those that each thread sets for itself. */
export type AttachOptions = Pick<RegistryOptions, "clock" | "detectLeaks" | "services">;

/**
 * What a thread needs to attach. Send it as `workerData` or with `postMessage`, from any attached thread to any number
 * of threads. It does not survive JSON. Treat it as opaque: its properties may change in any release.
 *
 * @example
 * const worker = new Worker(url, { workerData: { metrics: registry.handle } });
 */
export interface SharedRegistryHandle {
  /** Version of the handle's format and of the memory layout. Threads that load different releases may not match. */
  readonly version: number;
  /** Distinguishes the registry from all others. */
  readonly id: string;
  /** The `WebAssembly.Memory` that holds the counts, the limits and all else that threads have in common. */
  readonly memory: object;
}

const DEFAULT_MAX_THREADS = 16;

/**
 * One thread's view of a shared registry, returned by {@link createSharedRegistry} and {@link attachSharedRegistry}. It
 * is an `RpcMetricsRegistry`: services, `maxServices`, the overflow set, `overflowLookups` and snapshots cover all
 * attached threads; `leakedGuards` covers this thread only.
 */
export class SharedRpcMetricsRegistry extends RpcMetricsRegistry {
  /**
   * Identifies this thread for {@link release}. In Node, and in `node:worker_threads` of Deno and Bun, it is the
   * runtime's `threadId`; a Web Worker gets an id above 1,000,000.
   */
  readonly threadId: number;
  /** Send this to other threads, which pass it to {@link attachSharedRegistry}. */
  readonly handle: SharedRegistryHandle;
  /**
   * Fulfils once {@link track} is sure to notice the end of this thread: in a Web Worker when it holds a Web Lock,
   * elsewhere at once. Never rejects. A Web Worker that might hang or end soon after attaching should await this before
   * it accepts work.
   */
  readonly ready: Promise<void>;
  readonly #store: SharedStore;
  /** Set while this thread polls the locks of Web Workers. */
  #stopWatching: (() => void) | undefined;

  /** @internal */
  constructor(options: AttachOptions, parts: SharedParts, store: SharedStore, hasRuntimeId: boolean) {
    const { id, memory, buckets, maxServices, maxServiceNameBytes } = parts;
    super({ ...options, buckets, maxServices, maxServiceNameBytes }, store);
    const { threadId } = store;
    this.threadId = threadId;
    this.handle = Object.freeze({ version: VERSION, id, memory });
    this.ready = hasRuntimeId ? Promise.resolve() : holdLock(id, threadId, () => store.lock());
    this.#store = store;
  }

  /**
   * Releases a worker's place once the worker has ended, for whatever reason: its calls and handlers are no longer in
   * flight, and another thread can attach. Call it right after creating the worker, in the same thread, and before
   * adding your own listener for its end, so that the place is free when your listener runs.
   *
   * A worker can track the workers that it starts itself. If it ends, they end with it, and the thread that tracks it
   * releases their places, too.
   *
   * For Web Workers on a page or in Deno no event reports the end, but the worker's Web Lock does: see {@link ready}.
   * There, one call covers all workers, including later ones, and each is released within about a second of its end.
   *
   * @param worker a worker of `node:worker_threads`, or a Web Worker.
   * @throws TypeError if `worker` has no `terminate` method, RangeError if its runtime reports that it has ended
   * already; Error where neither an event nor a lock can report its end: call {@link release} yourself there.
   *
   * @example
   * const worker = new Worker(url, { workerData: { metrics: registry.handle } });
   * registry.track(worker);
   */
  track(worker: TrackableWorker): void {
    if (typeof worker?.terminate !== "function") throw invalid("worker", "a Worker", worker, TypeError);
    if (worker.threadId === -1) throw invalid("worker.threadId", "that of a worker that has not ended", -1);
    const threadId = onExit(worker, (gone, hasStopped) => this.#store.release(gone, hasStopped));
    if (threadId === undefined) this.#watch();
    else this.#store.recordTracked(threadId);
  }

  /** Releases Web Workers as they end, until this thread detaches. */
  #watch(): void {
    if (!canWatch()) throw new Error("this runtime does not report when this worker ends: call release(threadId) then");
    this.#stopWatching ??= watchLocks(
      this.handle.id,
      () => this.#store.lockedThreads(),
      (threadId) => this.#store.release(threadId, true),
    );
  }

  /**
   * Releases the place of a thread that has ended, if {@link track} does not do it. What the thread recorded stays; its
   * calls and handlers are no longer in flight. The same goes for the workers that it tracked, which have ended with it.
   * Does nothing for a thread that is not attached and tracked none.
   *
   * If the thread is still running, this acts as if the thread had called {@link detach}. Its place is reused after a
   * quarter of a second, and `attachSharedRegistry` waits for that if no other place is free.
   *
   * @param threadId {@link SharedRpcMetricsRegistry.threadId} of that thread. Read it while the worker runs, because
   * Node resets `worker.threadId` when the worker ends.
   * @throws TypeError if `threadId` is not a number; RangeError if it is not a whole number >= 0, or is this thread's
   * own, for which there is `detach`.
   *
   * @example
   * const { threadId } = worker;
   * worker.once("exit", () => registry.release(threadId));
   */
  release(threadId: number): void {
    if (!Number.isSafeInteger(threadId) || threadId < 0)
      throw invalid("threadId", "a thread id >= 0, saved while the thread was running", threadId);
    if (threadId === this.threadId)
      throw invalid("threadId", "that of another thread (this one can call detach())", threadId);
    this.#store.release(threadId, false);
  }

  /**
   * Releases this thread's place: its calls and handlers are no longer in flight, and another thread can attach. What
   * it recorded stays. From then on its handles and guards count nothing, and `snapshot()` throws an Error. A second
   * call does nothing.
   */
  detach(): void {
    this.#stopWatching?.();
    this.#stopWatching = undefined;
    this.#store.detach();
  }
}

const maxThreads: Check<number> = (value = DEFAULT_MAX_THREADS, name) => {
  if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_THREADS) return value as number;
  throw invalid(name, `a whole number from 1 to ${MAX_THREADS}`, value);
};

/** A check for an option of other registries that must not be set here. */
function leftOut(reason: string): Check<undefined> {
  return (value, name) => {
    if (value !== undefined) throw invalid(name, `left out, because ${reason}`, value);
    return undefined;
  };
}

const CREATE_OPTIONS = {
  ...OWN_OPTIONS,
  ...COMMON_OPTIONS,
  maxThreads,
  module: leftOut("threads use their own build of the core"),
} satisfies ChecksFor<SharedRegistryOptions & Pick<RegistryOptions, "module">>;

const asCreated = leftOut("the creating thread has set it for all");

const ATTACH_OPTIONS = {
  ...OWN_OPTIONS,
  buckets: asCreated,
  maxServices: asCreated,
  maxServiceNameBytes: asCreated,
  maxThreads: asCreated,
  module: asCreated,
};

/** `threadId`: the runtime's id of this thread, if there is one. */
export function create(options: SharedRegistryOptions, threadId: number | undefined): SharedRpcMetricsRegistry {
  const { buckets, maxServiceNameBytes, maxServices, maxThreads, ...own } = checkedOptions(options, CREATE_OPTIONS);
  checkHost(threadId);
  const parts = makeParts({ id: crypto.randomUUID(), buckets, maxThreads, maxServices, maxServiceNameBytes });
  return join(parts, own, threadId);
}

export function attach(
  handle: SharedRegistryHandle,
  options: AttachOptions,
  threadId: number | undefined,
): SharedRpcMetricsRegistry {
  const parts = handle?.version === VERSION ? readParts(handle.memory) : undefined;
  if (parts === undefined || parts.id !== handle.id)
    throw invalid("handle", "the unchanged handle of a shared registry of the same release", handle, TypeError);
  const own = checkedOptions(options, ATTACH_OPTIONS);
  return join(parts, own, threadId);
}

function join(
  parts: SharedParts,
  { clock, detectLeaks, services }: Checked<typeof OWN_OPTIONS>,
  threadId: number | undefined,
): SharedRpcMetricsRegistry {
  checkNames(services, parts.maxServiceNameBytes);
  const options = { ...(clock && { clock }), detectLeaks, services };
  const store = new SharedStore(parts, threadId);
  try {
    return new SharedRpcMetricsRegistry(options, parts, store, threadId !== undefined);
  } catch (error) {
    store.detach();
    throw error;
  }
}

/** Called before any service is added, because a name can't be removed again. */
function checkNames(services: readonly string[], maxServiceNameBytes: number): void {
  for (const name of services) {
    checkName(name);
    if (encoder.encode(name).length > maxServiceNameBytes)
      throw invalid("services", "within maxServices and maxServiceNameBytes", name);
  }
}

function checkHost(threadId: number | undefined): void {
  if (typeof SharedArrayBuffer !== "function") {
    throw new Error(
      "SharedArrayBuffer is missing, so threads can't share a registry: serve the page with the headers " +
        "Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp, " +
        "or use one RpcMetricsRegistry per thread",
    );
  }
  if (threadId === undefined && typeof Worker !== "function")
    throw new Error("Worker is missing: without threads to share a registry with, use RpcMetricsRegistry");
}
