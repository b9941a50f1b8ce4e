// Servers on free ports of 127.0.0.1, and a client that shows what really comes: no redirects, nothing decompressed.

import { createServer, request as httpRequest } from "node:http";
import { gunzipSync } from "node:zlib";
import { onTestFinished } from "vitest";

/** Serves on a free port; fulfils with `{ origin, close }`. */
export async function serveUntilClosed(listener) {
  const server = createServer(listener);
  await new Promise((resolve, reject) => server.listen(0, "127.0.0.1", resolve).on("error", reject));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Serves until the test is over; fulfils with the origin. */
export async function serve(listener) {
  const { origin, close } = await serveUntilClosed(listener);
  onTestFinished(close);
  return origin;
}

/** A listener for a handler that speaks fetch, with all of its body at once. */
export function listenerOf(handler) {
  return async (request, response) => {
    const { method, url } = request;
    const headers = Object.entries(request.headers).flatMap(([name, value]) =>
      [value].flat().map((one) => [name, one]),
    );
    const answer = await handler(new Request(`http://127.0.0.1${url}`, { method, headers }));
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(Buffer.from(await answer.arrayBuffer()));
  };
}

/**
 * Begins a request on a connection of its own and fulfils with node:http's IncomingMessage, of which nothing has been
 * read; `destroy()` of it cuts the connection.
 */
export function open(url, { method = "GET", headers = {} } = {}) {
  return new Promise((resolve, reject) => {
    httpRequest(url, { method, headers, agent: false }, resolve).on("error", reject).end();
  });
}

/** Fulfils with `{ status, headers, body }`, the body as it was sent; rejects if it was cut short. */
export async function get(url, options) {
  const response = await open(url, options);
  const chunks = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) };
}

/** The text of a response, decompressed if it says that it is compressed. */
export function textOf({ headers, body }) {
  return (headers["content-encoding"] === "gzip" ? gunzipSync(body) : body).toString();
}

export const OPEN_METRICS = "application/openmetrics-text;version=1.0.0";

/** The self-metrics of a text: `{ tracked_services: 3, 'scrapes_total{result="ok"}': 1, … }`. */
export function selfMetricsOf(text) {
  const from = text.search(/^# HELP \w+_tracked_services /m);
  if (from === -1) return undefined;
  const samples = [...text.slice(from).matchAll(/^[a-z]+_(\w+(?:\{[^}]*\})?) (\S+)$/gm)];
  return Object.fromEntries(samples.map(([, series, value]) => [series, Number(value)]));
}

/** Waits until `look` gives something, however long that takes here. */
export async function until(look) {
  for (;;) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
