// A node:http server for handlers that take a Request and return a Response, as Deno and Bun have it built in.

import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { serve } from "../support/http-client.js";

/**
 * Serves until the test ends; returns the origin. The signal of a request is aborted when its client leaves, and the body
 * of its response is cancelled. What a handler throws is answered with 500.
 */
export function serveWeb(handler) {
  return serve(async (incoming, outgoing) => {
    const controller = new AbortController();
    outgoing.once("close", () => outgoing.writableFinished || controller.abort());
    const { method, url } = incoming;
    const request = new Request(`http://127.0.0.1${url}`, {
      method,
      headers: Object.entries(incoming.headers),
      signal: controller.signal,
    });
    try {
      const { status, headers, body } = await handler(request);
      outgoing.writeHead(status, Object.fromEntries(headers)).flushHeaders();
      if (!body || method === "HEAD") outgoing.end();
      else await pipeline(Readable.fromWeb(body), outgoing);
    } catch {
      if (!outgoing.headersSent) outgoing.writeHead(500).end();
    }
  });
}

/** A body of these chunks; one that is a function is called in its place, and awaited. */
export function streamOf(...chunks) {
  const left = chunks.values();
  return new ReadableStream(
    {
      async pull(controller) {
        for (;;) {
          const { value, done } = left.next();
          if (done) return controller.close();
          if (typeof value === "string") return controller.enqueue(new TextEncoder().encode(value));
          await value();
        }
      },
    },
    { highWaterMark: 0 },
  );
}

/** Lets one side wait for the other: `send` resolves `received`. */
export function signal() {
  let send;
  const received = new Promise((resolve) => {
    send = resolve;
  });
  return { send, received };
}
