// Encoders: a family is complete in exactly the room that it says it needs, and only what is about a layout is kept.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { escapeLabel } from "nrpc-metrics";
import { afterEach, describe, expect, test, vi } from "vitest";
import { openMetricsEncoder } from "../../src/exposition/openmetrics.ts";
import { textEncoder } from "../../src/exposition/text.ts";
import { writeText } from "../../src/exposition/writer.ts";
import { FAMILIES } from "../../src/model/families.ts";
import { RpcMetricsRegistry } from "../../src/registry/registry.ts";
import { AWKWARD_NAMES } from "../support/service-names.js";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc");

afterEach(() => vi.restoreAllMocks());

const ENCODERS = {
  text: textEncoder(),
  OpenMetrics: openMetricsEncoder(false),
  "OpenMetrics with _created": openMetricsEncoder(true),
  "text with labels": textEncoder({ prefix: "a:b", serviceLabel: "rpc", labels: { region: 'eu"é', zone: "" } }),
};

const U64_MAX = 2n ** 64n - 1n;
const I64_MAX = 2n ** 63n - 1n;

/** The data of services whose every number has as many digits as there can be, and of one without anything. */
function dataOf(names, buckets = [0.1, 1]) {
  const registry = new RpcMetricsRegistry({ buckets, maxServiceNameBytes: 4096 });
  for (const name of names) {
    const service = registry.forService(name);
    for (const { type, series } of FAMILIES) {
      if (type === "histogram") continue;
      for (const { field } of series) service.add(field, type === "gauge" ? I64_MAX : U64_MAX);
    }
    service.recordLatency(1_234_567_890_123_456_789n);
    service.recordHandlerDuration(U64_MAX);
  }
  registry.forService("idle");
  return registry.snapshot().data;
}

const NAMES = {
  none: [],
  one: ["a"],
  "two hundred short ones": Array.from({ length: 200 }, (_, i) => `s${i}`),
  "awkward ones": AWKWARD_NAMES,
  "long ones of many bytes": Array.from({ length: 20 }, (_, i) => `${"€".repeat(1000)}${i}`),
};

describe.each(Object.entries(ENCODERS))("%s", (_, encoder) => {
  test.each(Object.entries(NAMES))(
    "is complete in the room that each family says it needs, for names: %s",
    (_, names) => {
      const data = dataOf(names);
      const slice = encoder.slice(data, data.services);
      for (const family of FAMILIES) {
        const write = (out) => encoder.series(out, family, slice);
        const bound = encoder.maxSeriesBytes(family, slice);
        const [roomy, tight, grown] = [10 * bound + 10_000, bound, 0].map((capacity) => writeText(capacity, write));
        const text = Buffer.from(roomy).toString();
        expect(roomy.length).toBeLessThanOrEqual(bound);
        expect(Buffer.from(tight).toString()).toBe(text);
        expect(Buffer.from(grown).toString()).toBe(text);
        if (!family.isExtension) {
          const lines = text.split("\n").length - 1;
          expect(lines % data.services.length).toBe(0);
          expect(lines).toBeGreaterThanOrEqual(data.services.length);
        }
        for (const line of text.split("\n").slice(0, -1))
          expect(line).toMatch(/^[a-z:_]+\{(service|rpc)=".*"\} [\d.e+]+$/s);
      }
    },
  );
});

test("counters, gauges, sums and cumulative buckets are written to the last digit, carries and wraps included", () => {
  const registry = new RpcMetricsRegistry({ buckets: [1e-9, 2e-9, 3e-9] });
  registry.forService("a");
  const { data } = registry.snapshot();
  const at = (offset, word) => {
    const index = offset / 4;
    data.words[index] = Number(word & 0xffff_ffffn);
    data.words[index + 1] = Number(word >> 32n);
  };
  const [{ row }] = data.services;
  const bucket = (i) => row + data.layout.latency + (i + 1) * data.layout.bucketStride;
  const texts = (...buckets) => {
    for (const [i, word] of buckets.entries()) at(bucket(i), word);
    const encoder = ENCODERS.text;
    const slice = encoder.slice(data, data.services);
    const family = FAMILIES.find(({ name }) => name === "call_latency_seconds");
    const text = Buffer.from(writeText(0, (out) => encoder.series(out, family, slice))).toString();
    return Array.from(text.matchAll(/(?:_bucket|_count)\{.*\} (\d+)\n/g), ([, count]) => BigInt(count));
  };
  const half = 2n ** 31n;
  expect(texts(half, half, half, half)).toEqual([half, 2n * half, 3n * half, 4n * half, 4n * half]);
  expect(texts(2n ** 32n - 1n, 1n, 0n, 2n ** 32n)).toEqual([
    2n ** 32n - 1n,
    2n ** 32n,
    2n ** 32n,
    2n ** 33n,
    2n ** 33n,
  ]);
  expect(texts(U64_MAX, 0n, 1n, 5n)).toEqual([U64_MAX, U64_MAX, 0n, 5n, 5n]);
  expect(texts(2n ** 63n, 2n ** 63n, 7n, 0n)).toEqual([2n ** 63n, 0n, 7n, 7n, 7n]);
});

test.each([
  [0n, "0"],
  [1n, "1"],
  [I64_MAX, String(I64_MAX)],
  [-1n, "0"],
  [-(2n ** 32n), "0"],
  [-(2n ** 63n), "0"],
  [2n ** 32n, "4294967296"],
])("a gauge of %s is written as %s", (value, written) => {
  const registry = new RpcMetricsRegistry();
  registry.forService("a").add("inFlight", value);
  expect(registry.snapshot().prometheusText()).toContain(`nrpc_in_flight_calls{service="a"} ${written}\n`);
});

test("the text of a snapshot is written into one buffer, of about its size", () => {
  const registry = new RpcMetricsRegistry();
  for (let i = 0; i < 1000; i++) registry.forService(`service-${i}`).recordLatency(5);
  for (const bytes of [
    registry.snapshot().prometheusBytes(),
    registry.snapshot().openMetricsBytes({ created: true }),
  ]) {
    expect(bytes.buffer.byteLength).toBeLessThan(1.5 * bytes.length);
  }
});

test("a second text of a registry encodes nothing anew but the names", () => {
  const registry = new RpcMetricsRegistry({ services: ["a", "b"] });
  const encode = vi.spyOn(TextEncoder.prototype, "encode");
  const scrape = () => {
    const before = encode.mock.calls.length;
    const text = registry.snapshot().prometheusText();
    return { text, encoded: encode.mock.calls.slice(before).map(([argument]) => argument) };
  };
  const [first, second] = [scrape(), scrape()];
  expect(first.encoded.length).toBeGreaterThan(50);
  expect(second.encoded).toEqual(["a\nb"]);
  expect(second.text).toBe(first.text);
});

test("what an encoder keeps for a registry is collected with it", async () => {
  let registry = new RpcMetricsRegistry({ services: ["a"] });
  registry.snapshot().prometheusText();
  registry.snapshot().openMetricsText();
  const layout = new WeakRef(registry.snapshot().data.layout);
  registry = undefined;
  for (let i = 0; i < 20 && layout.deref() !== undefined; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5)); // a WeakRef holds its target until the end of the turn
    gc();
  }
  expect(layout.deref()).toBeUndefined();
});

describe("samples that belong to no service", () => {
  const counter = { name: "scrapes", type: "counter", help: "Scrapes." };
  const gauge = { name: "places", type: "gauge", help: "Places." };
  const summary = { name: "scrape_seconds", type: "summary", unit: "seconds", help: "Time." };
  const written = (encoder, family, ...samples) =>
    Buffer.from(writeText(0, (out) => encoder.samples(out, family, samples))).toString();
  const both = [ENCODERS.text, ENCODERS.OpenMetrics];

  test("without labels have no braces, and with labels of one kind or both no stray comma", () => {
    for (const encoder of both) {
      expect(written(encoder, gauge, { value: 3 })).toBe("nrpc_places 3\n");
      expect(written(encoder, counter, { value: 3, labels: { result: 'a"' } })).toBe(
        'nrpc_scrapes_total{result="a\\""} 3\n',
      );
    }
    const labelled = ENCODERS["text with labels"];
    const constant = 'region="eu\\"é",zone=""';
    expect(written(labelled, gauge, { value: 3 })).toBe(`a:b_places{${constant}} 3\n`);
    expect(written(labelled, gauge, { value: 3, labels: { x: "y" } })).toBe(`a:b_places{${constant},x="y"} 3\n`);
  });

  test("have _created in seconds, if the format has it and the time is known", () => {
    const sample = { value: 3, createdMs: 1_764_000_000_123 };
    const time = { value: { sum: 0.5, count: 2 }, createdMs: 1500 };
    const created = ENCODERS["OpenMetrics with _created"];
    expect(written(created, counter, sample)).toBe("nrpc_scrapes_total 3\nnrpc_scrapes_created 1764000000.123\n");
    expect(written(created, summary, time)).toBe(
      "nrpc_scrape_seconds_sum 0.5\nnrpc_scrape_seconds_count 2\nnrpc_scrape_seconds_created 1.5\n",
    );
    for (const createdMs of [0, undefined])
      expect(written(created, counter, { value: 3, createdMs })).toBe("nrpc_scrapes_total 3\n");
    for (const encoder of both) {
      expect(written(encoder, counter, sample)).toBe("nrpc_scrapes_total 3\n");
      expect(written(encoder, summary, time)).toBe("nrpc_scrape_seconds_sum 0.5\nnrpc_scrape_seconds_count 2\n");
    }
  });
});

test.each([undefined, null, 5, {}, ["a"]])("escapeLabel(%j) is a TypeError that shows the value", (value) => {
  expect(() => escapeLabel(value)).toThrow(TypeError);
  expect(() => escapeLabel(value)).toThrow(/^label value must be a string, got /);
});
