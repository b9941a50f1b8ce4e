// Bodies as streams of chunks that the reader pulls.

export type Chunk = Uint8Array<ArrayBuffer>;
export type Result = IteratorResult<Chunk, undefined>;

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
