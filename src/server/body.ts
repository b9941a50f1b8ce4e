// Bodies as streams of chunks that the reader pulls.

export type Chunk = Uint8Array<ArrayBuffer>;
export type Result = IteratorResult<Chunk, undefined>;

export const END: Result = { done: true, value: undefined };

export interface BodySource {
  /** The next chunk. Not called again before the promise it returned has settled. */
  next(): Promise<Result>;
  /** The consumer is done, early or not: releases resources. May be called more than once. */
  return(): void;
}

/** A body on its way to a client. */
export interface Body extends BodySource {
  /** Set by the adapter: breaks the response off, so that the client can't mistake a partial body for a whole one. */
  cut?: () => void;
}

/** A body that is made from something fixed: each of its pieces can be made at any time, and made again. */
export interface Pieces {
  readonly count: number;
  /** @param index from 0 to `count - 1`. */
  make(index: number): Chunk;
  /** No piece will be made any more. May be called more than once. */
  release?(): void;
}

/** A short text that is at hand, as a body. */
export function bodyOf(text: string): BodySource {
  let chunk: Chunk | undefined = new TextEncoder().encode(text);
  return {
    async next() {
      const value = chunk;
      chunk = undefined;
      return value ? { done: false, value } : END;
    },
    return() {
      chunk = undefined;
    },
  };
}
