// A registry whose services lie in memory that threads share.

import { MAX_THREADS } from "../core/shared/memory.js";
import { areParts, makeParts, type SharedParts } from "../core/shared/parts.js";
import { SharedStore } from "../core/shared/shared-store.js";
import { invalid } from "../model/errors.js";
import { encoder } from "../model/names.js";
import { type Check, type Checked, type ChecksFor, checkedOptions } from "../model/options.js";
import { COMMON_OPTIONS, OWN_OPTIONS, type RegistryOptions, RpcMetricsRegistry } from "../registry/registry.js";
import { canWatch, holdLock, watchLocks } from "./liveness.js";
import { onExit, type TrackableWorker } from "./worker.js";

/** Options of {@link createSharedRegistry}: those of `RpcMetricsRegistry`, but for `module`, and one more. */
export interface SharedRegistryOptions extends Omit<RegistryOptions, "module"> {
  /**
   * At most this many threads take part at a time, the creating one among them: 1 to 1024. Each takes memory
   * for a row of every service, 1.3 MB by default, but only from when it attaches. Default: 16.
   */
  maxThreads?: number;
}

/** Options of {@link attachSharedRegistry}: what each thread has for itself. */
export type AttachOptions = Pick<RegistryOptions, "clock" | "detectLeaks" | "services">;

/**
 * What a thread needs to attach. Send it as `workerData` or with `postMessage`, to any number of threads and
 * from any of them. What is in it is not for use.
 */
export interface SharedRegistryHandle {
  readonly version: number;
  readonly id: string;
  readonly memory: object;
  readonly module: object;
}

interface HandleContents extends SharedRegistryHandle, SharedParts {
  readonly memory: SharedParts["memory"];
  readonly module: SharedParts["module"];
}

/** Counts up with every change of what lies where, or of the handle: threads may load different releases. */
const VERSION = 1;

const DEFAULT_MAX_THREADS = 16;

/**
 * One thread's registry of those that share their services. Made by {@link createSharedRegistry} and
 * {@link attachSharedRegistry}; all that `RpcMetricsRegistry` has works the same, for the whole process.
 */
export class SharedRpcMetricsRegistry extends RpcMetricsRegistry {
  /**
   * What `release` takes. In Node, and in the `node:worker_threads` of Deno and Bun, it is the runtime's
   * `threadId`; a Web Worker is given one, above 1,000,000.
   */
  readonly threadId: number;
  /** For other threads; see {@link SharedRegistryHandle}. */
  readonly handle: SharedRegistryHandle;
  /**
   * Fulfils when `track` will notice the end of this thread. That is at once, but in Web Workers, which first get a
   * Web Lock: one that could hang or end soon after it attached awaits this before it takes work. Never rejects.
   */
  readonly ready: Promise<void>;
  readonly #store: SharedStore;
  #stopWatching: (() => void) | undefined;

  /** @internal */
  constructor(options: AttachOptions, contents: HandleContents, store: SharedStore, isNumbered: boolean) {
    const { id, buckets, maxServices, maxServiceNameBytes } = contents;
    super({ ...options, buckets, maxServices, maxServiceNameBytes }, store);
    const { threadId } = store;
    this.threadId = threadId;
    this.handle = contents;
    this.ready = isNumbered ? Promise.resolve() : holdLock(id, threadId, () => store.lock());
    this.#store = store;
  }

  /**
   * Releases what a worker has here once it has ended, in whatever way. Call it when the worker is made, in a
   * thread that outlives it, and before you listen for its end yourself: then its place is free when your listener runs.
   *
   * Of a Web Worker on a page or in Deno no event tells, but the Web Lock that it holds, see `ready`. There, one
   * call sees to all workers, those to come as well, within about a second of their end.
   *
   * @throws TypeError for what is no worker that can be terminated, RangeError for one of which the runtime tells
   * that it has ended; Error where neither event nor lock tells: call `release` yourself.
   */
  track(worker: TrackableWorker): void {
    if (typeof worker?.terminate !== "function") throw invalid("worker", "a Worker", worker, TypeError);
    if (worker.threadId === -1) throw invalid("worker.threadId", "that of a worker which has not ended", -1);
    if (onExit(worker, (threadId, isOver) => this.#store.release(threadId, isOver))) return;
    if (!canWatch()) throw new Error("nothing here tells when this worker ends: call release(threadId) then");
    this.#stopWatching ??= watchLocks(
      this.handle.id,
      () => this.#store.lockedThreads(),
      (threadId) => this.#store.release(threadId, true),
    );
  }

  /**
   * Gives back what a thread has in flight, and its place to the next one that attaches; what it has counted stays.
   * For threads that are gone and that nobody `track`s. One that runs on is as if it had called `detach`; its
   * place goes to another after a quarter of a second, for which `attachSharedRegistry` waits if it has to. Does nothing for
   * a thread that has no place.
   *
   * @param threadId the `threadId` of that thread's registry. Keep it while the worker runs: Node forgets it then.
   * @throws TypeError or RangeError for what is no thread's number, and for this thread's, which has `detach`.
   */
  release(threadId: number): void {
    if (!Number.isSafeInteger(threadId) || threadId < 0)
      throw invalid("threadId", "a thread's number >= 0, kept from when it ran", threadId);
    if (threadId === this.threadId)
      throw invalid("threadId", "that of a thread which is gone, not of this one, which can detach()", threadId);
    this.#store.release(threadId, false);
  }

  /**
   * Gives back what this thread has in flight, and its place. From then on all its handles and guards
   * count nothing, and `snapshot()` throws. What was counted stays. A second call does nothing.
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

/** An option that other registries have, and that makes no sense here. */
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
  module: leftOut("threads run a core of their own"),
} satisfies ChecksFor<SharedRegistryOptions & Pick<RegistryOptions, "module">>;

const asCreated = leftOut("it is as the registry was created");

const ATTACH_OPTIONS = {
  ...OWN_OPTIONS,
  buckets: asCreated,
  maxServices: asCreated,
  maxServiceNameBytes: asCreated,
  maxThreads: asCreated,
  module: asCreated,
};

/** `threadId`: the runtime's number of this thread, if it has one. */
export function create(options: SharedRegistryOptions, threadId: number | undefined): SharedRpcMetricsRegistry {
  const { buckets, maxServiceNameBytes, maxServices, maxThreads, ...own } = checkedOptions(options, CREATE_OPTIONS);
  checkHost(threadId);
  const parts = makeParts(buckets, { maxThreads, maxServices, maxServiceNameBytes });
  return join({ version: VERSION, id: crypto.randomUUID(), ...parts }, own, threadId);
}

export function attach(
  handle: SharedRegistryHandle,
  options: AttachOptions,
  threadId: number | undefined,
): SharedRpcMetricsRegistry {
  if (handle?.version !== VERSION || !areParts(handle))
    throw invalid("handle", "a shared registry's, as it was sent, of the same release", handle, TypeError);
  const own = checkedOptions(options, ATTACH_OPTIONS);
  return join(handle as HandleContents, own, threadId);
}

function join(
  contents: HandleContents,
  { clock, detectLeaks, services }: Checked<typeof OWN_OPTIONS>,
  threadId: number | undefined,
): SharedRpcMetricsRegistry {
  checkNames(services, contents.maxServiceNameBytes);
  const options = { ...(clock && { clock }), detectLeaks, services };
  const store = new SharedStore(contents, threadId);
  try {
    return new SharedRpcMetricsRegistry(options, contents, store, threadId !== undefined);
  } catch (error) {
    store.detach();
    throw error;
  }
}

/** Before any of them is added, which could not be undone. */
function checkNames(services: readonly string[], maxServiceNameBytes: number): void {
  for (const name of services) {
    if (typeof name !== "string") throw invalid("service name", "a string", name, TypeError);
    if (encoder.encode(name).length > maxServiceNameBytes)
      throw invalid("services", "within maxServices and maxServiceNameBytes", name);
  }
}

function checkHost(threadId: number | undefined): void {
  if (typeof SharedArrayBuffer !== "function") {
    throw new Error(
      "SharedArrayBuffer is missing, so threads can't share a registry: serve the page with the headers " +
        "Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp, " +
        "or use one RpcMetricsRegistry a thread",
    );
  }
  if (threadId === undefined && typeof Worker !== "function")
    throw new Error("Worker is missing: without threads to share a registry with, use RpcMetricsRegistry");
}
