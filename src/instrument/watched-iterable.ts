// Streams as async iterables, watched while somebody reads them.

/** Observes a stream. `onEnd`, `onError` or `onLeave` ends it; any of them may be called again after that. */
export interface StreamWatcher {
  /** A message was read. */
  onMessage?(): void;
  /** The stream has come to its end. */
  onEnd(): void;
  /** Reading failed. */
  onError(error: unknown): void;
  /** The reader is done early: it left its loop, or passed an error to the stream. */
  onLeave(): void;
}

/**
 * The same stream, watched. The iterator is written by hand, since an async generator can't distinguish an error that
 * its reader passes to it, as Connect does when a caller leaves, from one of the stream itself.
 */
export function watchedIterable<Message>(
  stream: AsyncIterable<Message>,
  watcher: StreamWatcher,
): AsyncIterable<Message> {
  return { [Symbol.asyncIterator]: () => new WatchedIterator(stream[Symbol.asyncIterator](), watcher) };
}

type Left = Pick<StreamWatcher, "onLeave">;

let dropped: FinalizationRegistry<Left> | undefined;

/**
 * Calls `onLeave` once `stream` has been garbage-collected, to which `left` must not refer. Older Workers have no
 * FinalizationRegistry: there, what is dropped stays in flight.
 */
export function leaveWhenDropped(stream: object, left: Left): void {
  if (typeof FinalizationRegistry !== "function") return;
  dropped ??= new FinalizationRegistry((each) => each.onLeave());
  dropped.register(stream, left);
}

/** The same of a single iterator, which can be iterated over, too. If it is dropped before its end, `onLeave` is called. */
export function watchedIterator<Message>(
  iterator: AsyncIterator<Message>,
  watcher: StreamWatcher,
): AsyncIterableIterator<Message> {
  const watched = new WatchedIterator(iterator, watcher);
  leaveWhenDropped(watched, watcher);
  return watched;
}

class WatchedIterator<Message> implements AsyncIterableIterator<Message> {
  /** Inherited, see below. */
  declare [Symbol.asyncIterator]: () => this;
  readonly #iterator: AsyncIterator<Message>;
  readonly #watcher: StreamWatcher;

  constructor(iterator: AsyncIterator<Message>, watcher: StreamWatcher) {
    this.#iterator = iterator;
    this.#watcher = watcher;
  }

  next(...value: [] | [unknown]): Promise<IteratorResult<Message>> {
    let result: Promise<IteratorResult<Message>>;
    try {
      result = this.#iterator.next(...value);
    } catch (error) {
      return this.#onError(error);
    }
    return Promise.resolve(result).then(this.#onResult, this.#onError); // `for await` takes iterators without promises, too
  }

  return(value?: unknown): Promise<IteratorResult<Message>> {
    this.#watcher.onLeave();
    return this.#iterator.return?.(value) ?? Promise.resolve({ done: true, value });
  }

  throw(error?: unknown): Promise<IteratorResult<Message>> {
    this.#watcher.onLeave();
    return this.#iterator.throw?.(error) ?? Promise.reject(error);
  }

  readonly #onResult = (result: IteratorResult<Message>): IteratorResult<Message> => {
    if (result.done) this.#watcher.onEnd();
    else this.#watcher.onMessage?.();
    return result;
  };

  readonly #onError = (error: unknown): never => {
    this.#watcher.onError(error);
    throw error;
  };
}

// What async generators inherit: `[Symbol.asyncIterator]`, and `[Symbol.asyncDispose]` where the runtime has it. The
// language has no name for it.
const asyncGenerator = async function* () {};
Object.setPrototypeOf(
  WatchedIterator.prototype,
  Object.getPrototypeOf(Object.getPrototypeOf(asyncGenerator.prototype)) as object,
);
