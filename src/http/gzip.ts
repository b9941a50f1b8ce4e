// A body compressed, piece by piece, by what the runtime has for it.

import type { Chunk, Result, Source } from "./shared-body.js";

/** As fast as the text is read, and with as much of it under way as the runtime's streams hold. */
export function gzip(text: Source): Source {
  const { readable, writable } = new CompressionStream("gzip");
  const reader = (readable as ReadableStream<Chunk>).getReader();
  const writer = writable.getWriter();
  const feed = async () => {
    for (;;) {
      const { done, value } = await text.next();
      if (done) return writer.close();
      await writer.write(value);
    }
  };
  // Either side may have failed already, of which `next` tells. To cancel the reader would be to tell of an end.
  const stop = (error?: unknown) => {
    text.return();
    writer.abort(error).catch(() => {});
  };
  let isFed = false;
  return {
    next() {
      if (!isFed) feed().catch(stop);
      isFed = true;
      return reader.read() as Promise<Result>;
    },
    return() {
      stop();
      reader.cancel().catch(() => {});
    },
  };
}
