// A body compressed, piece by piece, by what the runtime has for it.

import type { Chunk, Result, Source } from "./shared-body.js";

/** Whether the runtime can compress: Bun since 1.3.3, all others for long. */
export const canCompress = typeof CompressionStream === "function";

/**
 * Whether the runtime compresses by itself what says that it is compressed, as Workers do. It is left to them, for
 * their streams belong to one request and can't be shared.
 */
export const compressesItself = globalThis.navigator?.userAgent === "Cloudflare-Workers";

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
  const stop = (error?: unknown) => {
    text.return();
    // Either side may have failed already, of which `next` tells.
    writer.abort(error).catch(() => {});
    reader.cancel(error).catch(() => {});
  };
  let isFed = false;
  return {
    next() {
      if (!isFed) feed().catch(stop);
      isFed = true;
      return reader.read() as Promise<Result>;
    },
    return: () => stop(),
  };
}
