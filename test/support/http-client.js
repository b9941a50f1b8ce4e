// Servers on free ports of 127.0.0.1, and a client that shows the bytes as sent: no redirects, no decompression.

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

/** Serves until the test has finished; fulfils with the origin. */
export async function serve(listener) {
  const { origin, close } = await serveUntilClosed(listener);
  onTestFinished(close);
  return origin;
}

/** A node:http listener for a fetch handler; it sends the whole body at once. */
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
 * Begins a request on a new connection and fulfils with node:http's IncomingMessage, none of which has been read; its
 * `destroy()` closes the connection.
 */
export function open(url, { method = "GET", headers = {} } = {}) {
  return new Promise((resolve, reject) => {
    httpRequest(url, { method, headers, agent: false }, resolve).on("error", reject).end();
  });
}

/** Fulfils with `{ status, headers, body }`, the body as sent; rejects if it was cut short. */
export async function get(url, options) {
  const response = await open(url, options);
  const chunks = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) };
}

/** The text of a response, decompressed if its headers say that it is compressed. */
export function textOf({ headers, body }) {
  return (headers["content-encoding"] === "gzip" ? gunzipSync(body) : body).toString();
}

export const OPEN_METRICS = "application/openmetrics-text;version=1.0.0";

/** The self-metrics in a text: `{ tracked_services: 3, 'scrapes_total{result="ok"}': 1, … }`. */
export function selfMetricsOf(text) {
  const from = text.search(/^# HELP \w+_tracked_services /m);
  if (from === -1) return undefined;
  const samples = [...text.slice(from).matchAll(/^[a-z]+_(\w+(?:\{[^}]*\})?) (\S+)$/gm)];
  return Object.fromEntries(samples.map(([, series, value]) => [series, Number(value)]));
}

/** Calls `look` until it returns something truthy; only the test's timeout limits how long that may take. */
export async function until(look) {
  for (;;) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
