// Compresses a body piece by piece.

import { gzipStream } from "../runtime/compression.js";
import { type BodySource, type Chunk, END, type Result } from "../server/body.js";
import { countUnread } from "../server/unread.js";

/** Reads `text` no faster than the result is read, apart from a batch and from what the runtime's streams buffer. */
export function gzip(text: BodySource): BodySource {
  const { stream, batchBytes } = gzipStream();
  const reader = (stream.readable as ReadableStream<Chunk>).getReader();
  const writer = stream.writable.getWriter();
  const batches = batchBytes === 0 ? text : new Batches(text, batchBytes);
  const feed = async () => {
    for (let next = await batches.next(); !next.done; next = await batches.next()) await writer.write(next.value);
    batches.return();
    await writer.close();
  };
  // Either side may have failed already, in which case `next` reports it. Cancelling the reader here would look like a
  // normal end of stream.
  const stop = (error?: unknown) => {
    batches.return();
    writer.abort(error).catch(() => {});
  };
  let isFeeding = false;
  return {
    next() {
      if (!isFeeding) feed().catch(stop);
      isFeeding = true;
      return reader.read() as Promise<Result>;
    },
    return() {
      stop();
      reader.cancel().catch(() => {});
    },
  };
}

/** Joins the chunks of a text. All batches use the same buffer, so that each must have been used up before the next. */
class Batches implements BodySource {
  readonly #text: BodySource;
  readonly #batchBytes: number;
  #buffer: Chunk | undefined;
  /** What did not fit in the last batch. */
  #rest: Chunk | undefined;
  #hasReturned = false;

  constructor(text: BodySource, batchBytes: number) {
    this.#text = text;
    this.#batchBytes = batchBytes;
  }

  async next(): Promise<Result> {
    if (this.#hasReturned) return END;
    if (!this.#buffer) {
      this.#buffer = new Uint8Array(this.#batchBytes);
      countUnread(this.#batchBytes);
    }
    const buffer = this.#buffer;
    let bytes = 0;
    while (bytes < buffer.length) {
      const chunk = this.#rest ?? (await this.#text.next()).value;
      if (!chunk) break;
      const part = chunk.subarray(0, buffer.length - bytes);
      buffer.set(part, bytes);
      bytes += part.length;
      this.#rest = part.length < chunk.length ? chunk.subarray(part.length) : undefined;
    }
    return bytes === 0 ? END : { done: false, value: buffer.subarray(0, bytes) };
  }

  return(): void {
    this.#hasReturned = true;
    this.#text.return();
    if (this.#buffer) countUnread(-this.#buffer.length);
    this.#buffer = undefined;
    this.#rest = undefined;
  }
}
