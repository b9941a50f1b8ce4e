// Compressing a body: whole for chunks of any size, and what it holds meanwhile is counted.

import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { metricsHandler, metricsListener } from "nrpc-metrics/http";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { gzip } from "../../src/http/gzip.ts";
import { unreadBytes } from "../../src/server/unread.ts";

const BATCH_BYTES = 2 ** 19;

afterEach(() => expect(unreadBytes()).toBe(0));

/** A text in chunks of these sizes. */
function textOf(sizes) {
  const chunks = sizes.map((size, i) => new Uint8Array(size).map((_, j) => (i + j) % 251));
  const text = {
    whole: Buffer.concat(chunks),
    returns: 0,
    next: async () => (chunks.length > 0 ? { done: false, value: chunks.shift() } : { done: true, value: undefined }),
    return: () => text.returns++,
  };
  return text;
}

async function unzipped(body) {
  const chunks = [];
  for (let next = await body.next(); !next.done; next = await body.next()) chunks.push(next.value);
  return gunzipSync(Buffer.concat(chunks));
}

test("chunks of any size are compressed whole and in order", async () => {
  const size = fc.oneof(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 3 * BATCH_BYTES }));
  await fc.assert(
    fc.asyncProperty(fc.array(size, { maxLength: 12 }), async (sizes) => {
      const text = textOf(sizes);
      expect((await unzipped(gzip(text))).equals(text.whole)).toBe(true);
      expect(text.returns).toBeGreaterThan(0);
    }),
    { numRuns: 30, examples: [[[]], [[BATCH_BYTES]], [[BATCH_BYTES, 1]], [[1, 2 * BATCH_BYTES]]] },
  );
});

test("the batch that is being compressed counts as unread until the body ends, or nobody reads it any more", async () => {
  const text = textOf([1000, 1000, 2 * BATCH_BYTES]);
  const body = gzip(text);
  expect(unreadBytes()).toBe(0);
  await body.next();
  expect(unreadBytes()).toBe(BATCH_BYTES);
  body.return();
  expect(unreadBytes()).toBe(0);
  expect(text.returns).toBeGreaterThan(0);
});

test("an error of the text reaches the reader", async () => {
  const text = {
    next: () => Promise.reject(new Error("no memory")),
    return() {},
  };
  await expect(gzip(text).next()).rejects.toThrow("no memory");
});

test("gzip: true is refused where nothing can compress, and false is the default there", async () => {
  vi.stubGlobal("CompressionStream", undefined);
  const { getBuiltinModule } = process;
  process.getBuiltinModule = undefined;
  onTestFinished(() => {
    vi.unstubAllGlobals();
    process.getBuiltinModule = getBuiltinModule;
  });
  const registry = new RpcMetricsRegistry();
  for (const make of [metricsHandler, metricsListener])
    expect(() => make(registry, { gzip: true })).toThrow(
      new TypeError("gzip must be false where the host has no CompressionStream, got true"),
    );
  for (const options of [{}, { gzip: false }]) {
    const request = new Request("http://localhost/", { headers: { "accept-encoding": "gzip" } });
    const response = await metricsHandler(registry, options)(request);
    expect([response.status, response.headers.get("content-encoding")]).toEqual([200, null]);
    expect(await response.text()).toContain("nrpc_tracked_services 0\n");
  }
});
