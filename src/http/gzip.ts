// Compresses a body piece by piece.

import { gzipStream } from "../runtime/compression.js";
import type { BodySource, Chunk, Result } from "../server/body.js";

/** Reads `text` no faster than the result is read, apart from what the runtime's streams buffer. */
export function gzip(text: BodySource): BodySource {
  const { readable, writable } = gzipStream();
  const reader = (readable as ReadableStream<Chunk>).getReader();
  const writer = writable.getWriter();
  const feed = async () => {
    for (;;) {
      const { done, value } = await text.next();
      if (done) return writer.close();
      await writer.write(value);
    }
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
