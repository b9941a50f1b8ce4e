// Compresses a body piece by piece.

import { gzipStream } from "../runtime/compression.js";
import type { BodySource, Chunk, Result } from "../server/body.js";

/** Reads `text` no faster than the result is read, apart from a batch and from what the runtime's streams buffer. */
export function gzip(text: BodySource): BodySource {
  const { stream, batchBytes } = gzipStream();
  const reader = (stream.readable as ReadableStream<Chunk>).getReader();
  const writer = stream.writable.getWriter();
  const feed = async () => {
    let written: Promise<void> | undefined;
    for (let isDone = false; !isDone; ) {
      const batch: Chunk[] = [];
      let bytes = 0;
      do {
        const { done = false, value } = await text.next(); // while the last batch is being compressed
        isDone = done;
        if (value) batch.push(value);
        bytes += value?.length ?? 0;
      } while (!isDone && bytes < batchBytes);
      await written;
      if (bytes === 0) break;
      written = writer.write(joined(batch, bytes));
      written.catch(() => {}); // until it is waited for
    }
    await written;
    await writer.close();
  };
  // Either side may have failed already, in which case `next` reports it. Cancelling the reader here would look like a
  // normal end of stream.
  const stop = (error?: unknown) => {
    text.return();
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

function joined(chunks: readonly Chunk[], bytes: number): Chunk {
  if (chunks.length === 1) return chunks[0] as Chunk;
  const all = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
