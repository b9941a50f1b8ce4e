// What compresses where. test/http/gzip.test.js compresses bodies.

import { gunzipSync } from "node:zlib";
import { afterEach, expect, test, vi } from "vitest";
import { canCompress, gzipStream } from "../../src/runtime/compression.ts";

const { process } = globalThis;

afterEach(() => vi.unstubAllGlobals());

async function compressed({ stream }, text) {
  const writer = stream.writable.getWriter();
  writer.write(new TextEncoder().encode(text));
  writer.close();
  const chunks = [];
  for await (const chunk of stream.readable) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test("Node compresses at zlib's fastest level, in batches", async () => {
  const compression = gzipStream();
  expect(compression.batchBytes).toBe(2 ** 19);
  const bytes = await compressed(compression, "text");
  expect(gunzipSync(bytes).toString()).toBe("text");
  expect(bytes[8]).toBe(4); // RFC 1952: the fastest algorithm was used
});

const getBuiltinModule = (name) => process.getBuiltinModule(name);

test.each([
  ["Bun, which has Node's modules", { versions: { bun: "1.4.0" }, getBuiltinModule }],
  ["Deno, which has Node's modules", { versions: { deno: "2.0.0" }, getBuiltinModule }],
  ["Node before 20.16", { versions: { node: "20.0.0" } }],
  [
    "a host without Node's zlib",
    { getBuiltinModule: (name) => (name === "node:zlib" ? undefined : process.getBuiltinModule(name)) },
  ],
  [
    "a host without Node's streams",
    { getBuiltinModule: (name) => (name === "node:stream" ? undefined : process.getBuiltinModule(name)) },
  ],
  ["a browser", undefined],
])("%s compresses with CompressionStream, each piece by itself", async (_, host) => {
  vi.stubGlobal("process", host);
  expect(canCompress()).toBe(true);
  const compression = gzipStream();
  expect(compression.stream).toBeInstanceOf(CompressionStream);
  expect(compression.batchBytes).toBe(0);
  vi.unstubAllGlobals();
  expect(gunzipSync(await compressed(compression, "text")).toString()).toBe("text");
});

test("a host without either can't compress", () => {
  vi.stubGlobal("CompressionStream", undefined);
  expect(canCompress()).toBe(true);
  vi.stubGlobal("process", undefined);
  expect(canCompress()).toBe(false);
});
