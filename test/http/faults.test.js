// Faults around the endpoint: clients that disconnect, are slow or come all at once, and registries that fail.

import { connect } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { gunzipSync } from "node:zlib";
import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";
import { metricsHandler, metricsListener } from "nrpc-metrics/http";
import { createSharedRegistry } from "nrpc-metrics/threads";
import { describe, expect, test, vi } from "vitest";
import { get, open, selfMetricsOf, serve, textOf } from "../support/http-client.js";
import { runForJson } from "../support/process.js";

const SERVICES = 4095; // plus one whose calls tests count
/** Makes every slice wait for a turn of the event loop, so that a scrape takes long. */
const EVERY_SLICE = { sliceBudgetMs: 1e-9 };

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc");

/** A registry whose text is 14 MB, or less with fewer services. */
function bigRegistry(services = SERVICES) {
  const registry = new RpcMetricsRegistry();
  for (let i = 0; i < services; i++) registry.forService(`service ${i} `.padEnd(60, "x")).recordCall(CallOutcome.Ok, i);
  // A spy of vitest would keep all snapshots.
  const taken = { count: 0, failure: undefined, change: (snapshot) => snapshot };
  registry.snapshot = () => {
    if (taken.failure) throw taken.failure;
    taken.count++;
    return taken.change(RpcMetricsRegistry.prototype.snapshot.call(registry));
  };
  return { registry, taken };
}

const callsOf = (text, service) => {
  const match = text.match(new RegExp(`^nrpc_calls_total\\{service="${service}"\\} (\\d+)$`, "m"));
  return match && Number(match[1]);
};

const ask = (handler, headers = {}, query = "") =>
  handler(new Request(`http://127.0.0.1/metrics${query}`, { headers }));

/** The self-metrics, from a complete scrape of one service. */
async function selfOf(handler) {
  return selfMetricsOf(await (await ask(handler, {}, "?service=none")).text());
}

const result = (name) => `scrapes_total{result="${name}"}`;

/** Fulfils with `value` after many turns of the event loop. */
async function manyTurns(value) {
  for (let i = 0; i < 200; i++) await nextTurn();
  return value;
}

/** A snapshot that calls `onWrite` whenever its first service is written: for each family, and when that is written again. */
function countingWrites(snapshot, onWrite) {
  const { data } = snapshot;
  const first = {
    ...data.services[0],
    get createdMs() {
      onWrite();
      return 0;
    },
  };
  Object.defineProperty(snapshot, "data", { value: { ...data, services: [first, ...data.services.slice(1)] } });
  return snapshot;
}

/** The number of bytes in a stream, none of which are kept. */
async function lengthOf(stream) {
  let length = 0;
  for await (const chunk of stream) length += chunk.length;
  return length;
}

/** Bytes in use, on the heap and outside it. */
function usedBytes() {
  gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe("a client that disconnects", () => {
  test("a client that disconnects in mid-body stops the work and frees its place", async () => {
    const { registry, taken } = bigRegistry();
    const origin = await serve(metricsListener(registry, { ...EVERY_SLICE, maxConcurrentScrapes: 1 }));
    let written = 0;
    taken.change = (snapshot) => countingWrites(snapshot, () => written++);
    await get(origin);
    const writtenForWhole = written;
    written = 0;
    (await open(origin)).destroy();
    taken.change = (snapshot) => snapshot;
    const self = selfMetricsOf(textOf(await get(`${origin}?service=none`)));
    expect(self[result("aborted")]).toBe(1);
    const writtenUntilFree = written;
    expect(writtenUntilFree).toBeLessThan(writtenForWhole / 2);
    for (let i = 0; i < 50; i++) await nextTurn();
    expect(written).toBe(writtenUntilFree);
  });

  test("clients that disconnect before the first byte leave no place taken", async () => {
    const { registry } = bigRegistry();
    const origin = await serve(metricsListener(registry, { maxConcurrentScrapes: 2 }));
    for (let i = 0; i < 20; i++) {
      const socket = connect(new URL(origin).port, "127.0.0.1");
      await new Promise((resolve) => socket.on("connect", resolve));
      socket.write("GET /metrics HTTP/1.1\r\nhost: a\r\naccept-encoding: gzip\r\n\r\n", () => socket.resetAndDestroy());
    }
    const self = selfMetricsOf(textOf(await get(origin)));
    expect(self[result("failed")]).toBe(0);
    const both = await Promise.all([get(origin), get(origin)]);
    expect(both.map(({ status }) => status)).toEqual([200, 200]);
  });

  test.each([{}, { "accept-encoding": "gzip" }])(
    "cancelling the response's stream stops the work and frees the place: %j",
    async (headers) => {
      const { registry } = bigRegistry();
      const handler = metricsHandler(registry, { maxConcurrentScrapes: 1 });
      const { body } = await ask(handler, headers);
      const reader = body.getReader();
      await reader.read();
      const next = ask(handler, {}, "?service=none");
      expect(await Promise.race([next, manyTurns("waits")])).toBe("waits");
      await reader.cancel(new Error("enough"));
      expect(selfMetricsOf(await (await next).text())).toMatchObject({
        [result("aborted")]: 1,
        [result("rejected")]: 0,
      });
    },
  );

  test("clients that stop reading a shared body do not affect the others", async () => {
    const { registry } = bigRegistry(1000);
    const handler = metricsHandler(registry, { maxConcurrentScrapes: 50 });
    for (let cut = 0; cut < 8; cut++) {
      const first = ask(handler);
      const gzip = { "accept-encoding": "gzip" };
      const shared = await Promise.all([ask(handler), ask(handler, gzip), ask(handler, gzip), ask(handler), first]);
      const [plain, compressed, quitter, otherQuitter] = shared;
      const leave = async ({ body }, chunks) => {
        const reader = body.getReader();
        for (let i = 0; i < chunks; i++) await reader.read();
        await reader.cancel();
      };
      const [bytes, packed] = await Promise.all([
        plain.arrayBuffer(),
        compressed.arrayBuffer(),
        leave(quitter, cut),
        leave(otherQuitter, 3 * cut),
        shared[4].arrayBuffer(),
      ]);
      expect(gunzipSync(Buffer.from(packed)).equals(Buffer.from(bytes))).toBe(true);
      expect(
        Buffer.from(bytes)
          .toString()
          .match(/^nrpc_calls_total\{/gm),
      ).toHaveLength(1000);
    }
  });

  test("a compressed reader that stops first leaves the whole body to plain readers", async () => {
    const { registry } = bigRegistry(1000);
    const handler = metricsHandler(registry, { maxConcurrentScrapes: 50, selfMetrics: false });
    const expected = Buffer.from(registry.snapshot().prometheusBytes());
    for (let cut = 0; cut < 8; cut++) {
      const first = await ask(handler);
      const [plain, compressed] = [ask(handler), ask(handler, { "accept-encoding": "gzip" })];
      await first.arrayBuffer();
      const reader = (await compressed).body.getReader();
      const reading = (await plain).arrayBuffer();
      for (let i = 0; i < cut; i++) await reader.read();
      await reader.cancel();
      expect(Buffer.from(await reading).equals(expected)).toBe(true);
    }
  });
});

describe("a slow reader", () => {
  test("a slow reader costs a fraction of the text, and others get newer counts meanwhile", async () => {
    const { registry } = bigRegistry();
    const origin = await serve(metricsListener(registry));
    const bodyBytes = (await get(origin)).body.length;
    const before = usedBytes();
    const slow = await open(origin, { headers: { connection: "close" } });
    const reading = setInterval(() => slow.read(50_000), 100);
    const echo = registry.forService("service 0 ".padEnd(60, "x"));
    /** A separate function, so that the test holds no text while it measures. */
    const seenBy = async (headers) => callsOf(textOf(await get(origin, { headers })), echo.name);
    for (let calls = 2; calls < 10; calls++) {
      echo.recordCall(CallOutcome.Ok, 1);
      expect(await seenBy(calls % 2 ? { "accept-encoding": "gzip" } : {})).toBe(calls);
    }
    // Garbage may not have been collected yet; a growing queue would never be.
    await vi.waitFor(() => expect(usedBytes() - before).toBeLessThan(bodyBytes / 2), {
      timeout: 20_000,
      interval: 100,
    });
    clearInterval(reading);
    let rest = "";
    for await (const chunk of slow.setEncoding("latin1")) rest += chunk;
    expect(rest).toContain("nrpc_scrape_bytes_total");
  });

  test("a slow reader is disconnected when its time is up, so that it can't mistake a part for the whole", async () => {
    const { registry } = bigRegistry();
    const origin = await serve(metricsListener(registry, { maxConcurrentScrapes: 1 }));
    const slow = await open(origin, { headers: { "x-prometheus-scrape-timeout-seconds": "0.3" } });
    await new Promise((resolve) => setTimeout(resolve, 500));
    const self = selfMetricsOf(textOf(await get(`${origin}?service=none`)));
    expect(self).toMatchObject({ [result("timed_out")]: 1, [result("ok")]: 0, [result("aborted")]: 0 });
    await expect(slow.resume().toArray()).rejects.toThrow("aborted");
  });

  test("a client that never reads loses its place when its time is up", async () => {
    const { registry } = bigRegistry();
    const handler = metricsHandler(registry, { maxConcurrentScrapes: 1 });
    const limit = { "x-prometheus-scrape-timeout-seconds": "0.1" };
    const response = await ask(handler, { "accept-encoding": "gzip", ...limit });
    const other = await ask(handler, {}, "?service=none");
    expect(selfMetricsOf(await other.text())).toMatchObject({ [result("timed_out")]: 1, [result("aborted")]: 0 });
    await expect(response.arrayBuffer()).rejects.toThrow();
  });

  test.each([{}, { "accept-encoding": "gzip" }])(
    "a slow and a fast reader of one body get the same bytes: %j",
    async (headers) => {
      const { registry, taken } = bigRegistry();
      const handler = metricsHandler(registry);
      const first = ask(handler);
      const [fast, slow] = await Promise.all([
        ask(handler, headers),
        ask(handler, headers),
        first.then((r) => r.text()),
      ]);
      expect(taken.count).toBe(1);
      const reader = slow.body.getReader();
      const chunks = [(await reader.read()).value];
      const all = Buffer.from(await fast.arrayBuffer());
      for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
        chunks.push(chunk.value);
        await nextTurn();
      }
      expect(Buffer.concat(chunks).equals(all)).toBe(true);
      expect(taken.count).toBe(1);
    },
  );

  test("a client that waits for a body longer than its timeout gets 503", async () => {
    const { registry } = bigRegistry(1000);
    const handler = metricsHandler(registry, EVERY_SLICE);
    const first = (await ask(handler)).text();
    const late = await ask(handler, { "x-prometheus-scrape-timeout-seconds": "0.002" });
    expect([late.status, late.headers.get("retry-after")]).toEqual([503, "1"]);
    expect((await first).match(/^nrpc_calls_total\{/gm)).toHaveLength(1000);
    expect(await selfOf(handler)).toMatchObject({ [result("timed_out")]: 1, [result("ok")]: 1 });
  });
});

describe("many scrapers at once", () => {
  /** Records calls until `isOver` is set; `made` is their number. */
  function startCalls(service) {
    const calls = { made: 0, isOver: false };
    const record = () => {
      for (let i = 0; i < 10; i++, calls.made++) service.recordCall(CallOutcome.Ok, 1000);
      if (!calls.isOver) setImmediate(record);
    };
    record();
    return calls;
  }

  test("50 concurrent scrapers are all served from a few shared snapshots, each with all calls from before its request", async () => {
    const { registry, taken } = bigRegistry(1000);
    const listener = metricsListener(registry, { maxConcurrentScrapes: 50 });
    const origin = await serve(listener);
    const echo = registry.forService("echo");
    const bodyBytes = (await get(origin)).body.length;
    const calls = startCalls(echo);
    taken.count = 0;
    const before = usedBytes();
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, usedBytes());
    }, 50);
    const scrapers = Array.from({ length: 50 }, async () => {
      const atLeast = calls.made;
      const response = await open(origin);
      let head = "";
      for await (const chunk of response.setEncoding("latin1")) if (head.length < 1e6) head += chunk;
      const seen = callsOf(head, "echo");
      expect(seen).toBeGreaterThanOrEqual(atLeast);
      expect(seen).toBeLessThanOrEqual(calls.made);
      return response.statusCode;
    });
    const statuses = await Promise.all(scrapers);
    clearInterval(watch);
    calls.isOver = true;
    expect(statuses).toEqual(Array(50).fill(200));
    expect(taken.count).toBeLessThanOrEqual(10);
    // 50 clients hold up to 1 MB each; 50 separate bodies would be more than 200 MB.
    expect(most - before).toBeLessThan(50 * 2e6 + 6 * bodyBytes);
    expect(callsOf(textOf(await get(origin)), "echo")).toBe(calls.made);
  });

  test("scrapes that arrive in one turn of the event loop share one snapshot or two", async () => {
    const { registry, taken } = bigRegistry();
    const handler = metricsHandler(registry, { maxConcurrentScrapes: 50 });
    const responses = Array.from({ length: 50 }, () => ask(handler));
    const lengths = await Promise.all(responses.map(async (response) => lengthOf((await response).body)));
    expect(taken.count).toBeLessThanOrEqual(2); // two if to read what all of them ask for takes longer than a turn
    expect(new Set(lengths).size).toBeLessThanOrEqual(taken.count);
    expect(await selfOf(handler)).toMatchObject({ [result("ok")]: 50, scrape_duration_seconds_count: 50 });
  });

  test("beyond ten concurrent scrapes 100 wait for their turn, and more get 503 and Retry-After of one second", async () => {
    const { registry } = bigRegistry(100);
    const handler = metricsHandler(registry);
    const responses = await Promise.all(
      Array.from({ length: 150 }, async () => {
        const response = await ask(handler);
        await response.arrayBuffer();
        return response;
      }),
    );
    const statuses = responses.map(({ status }) => status);
    expect(statuses).toEqual([...Array(110).fill(200), ...Array(40).fill(503)]);
    for (const { headers } of responses.slice(110)) expect(headers.get("retry-after")).toBe("1");
    expect(await selfOf(handler)).toMatchObject({ [result("ok")]: 110, [result("rejected")]: 40 });
  });

  test("50 concurrent scrapers over sockets are all served", async () => {
    const { registry } = bigRegistry(1000);
    const origin = await serve(metricsListener(registry));
    const calls = startCalls(registry.forService("echo"));
    const responses = await Promise.all(
      Array.from({ length: 50 }, () => get(origin, { headers: { "accept-encoding": "gzip" } })),
    );
    calls.isOver = true;
    for (const response of responses) {
      expect(response.status).toBe(200);
      expect(selfMetricsOf(textOf(response))['responses{state="under_way"}']).toBeLessThanOrEqual(50);
    }
    const text = textOf(await get(origin));
    expect(callsOf(text, "echo")).toBe(calls.made);
    expect(selfMetricsOf(text)).toMatchObject({ [result("ok")]: 50, [result("rejected")]: 0 });
  });
});

describe("a registry", () => {
  test("services added during a scrape appear in the next one", async () => {
    const registry = new RpcMetricsRegistry();
    for (let i = 0; i < 300; i++) registry.forService(`service ${i}`);
    const handler = metricsHandler(registry, { ...EVERY_SLICE, selfMetrics: false });
    const text = registry.snapshot().prometheusText();
    const { body } = await ask(handler);
    const chunks = [];
    for await (const chunk of body) {
      chunks.push(chunk);
      registry.forService(`another ${chunks.length}`).recordCall(CallOutcome.Ok, 1);
    }
    expect(Buffer.concat(chunks).toString()).toBe(text);
    expect(await (await ask(handler)).text()).toBe(registry.snapshot().prometheusText());
  });

  test("a shared registry that was detached makes the endpoint answer 503", async () => {
    const registry = createSharedRegistry();
    registry.forService("echo").recordCall(CallOutcome.Ok, 1);
    const origin = await serve(metricsListener(registry));
    expect(callsOf(textOf(await get(origin)), "echo")).toBe(1);
    registry.detach();
    for (let i = 0; i < 20; i++) {
      const { status, headers, body } = await get(origin);
      expect([status, headers["content-type"]]).toEqual([503, "text/plain; charset=utf-8"]);
      expect(body.toString()).toMatch(/^there is no snapshot: .*detach/);
    }
    expect((await get(origin, { method: "HEAD" })).status).toBe(503);
  });

  test("a snapshot that throws fails only the scrapes that waited for it", async () => {
    const { registry, taken } = bigRegistry();
    const handler = metricsHandler(registry);
    const first = await ask(handler);
    const waiting = Array.from({ length: 5 }, () => ask(handler));
    taken.failure = new Error("no memory");
    for (const response of await Promise.all(waiting)) {
      expect([response.status, await response.text()]).toEqual([503, "there is no snapshot: no memory\n"]);
    }
    taken.failure = undefined;
    expect((await first.text()).match(/^nrpc_calls_total\{/gm)).toHaveLength(SERVICES);
    expect(await selfOf(handler)).toMatchObject({ [result("failed")]: 5, [result("ok")]: 1 });
  });

  test.each([{}, { "accept-encoding": "gzip" }])(
    "a text that throws in mid-body cuts the response short: %j",
    async (headers) => {
      const { registry, taken } = bigRegistry();
      taken.change = (snapshot) => failingLater(snapshot, 4);
      const origin = await serve(metricsListener(registry));
      await expect(get(origin, { headers })).rejects.toThrow(/aborted|hang up/);
      taken.change = (snapshot) => snapshot;
      expect(selfMetricsOf(textOf(await get(origin)))).toMatchObject({ [result("failed")]: 1, [result("ok")]: 0 });
    },
  );

  /** A snapshot whose first service can be written in only so many families. */
  function failingLater(snapshot, families) {
    let written = 0;
    return countingWrites(snapshot, () => {
      if (++written > families) throw new Error("no memory");
    });
  }
});

test("a scrape yields to the event loop when its slice budget is spent", async () => {
  const { registry } = bigRegistry();
  const handler = metricsHandler(registry, { ...EVERY_SLICE, selfMetrics: false });
  let slices = 0;
  let isDone = false;
  const reading = ask(handler).then(async ({ body }) => {
    for await (const _ of body) slices++;
    isDone = true;
  });
  let last = 0;
  let most = 0;
  while (!isDone) {
    await nextTurn();
    most = Math.max(most, slices - last);
    last = slices;
  }
  await reading;
  expect(slices).toBeGreaterThan(SERVICES / 20);
  expect(most).toBeLessThanOrEqual(2); // the end is a slice by itself
});

test("during a scrape, no turn of the event loop is half as long as making the whole text", async () => {
  const { longestMs, wholeMs } = await runForJson(process.execPath, [
    fileURLToPath(new URL("longest-turn.js", import.meta.url)),
  ]);
  expect(longestMs).toBeLessThan(wholeMs / 2);
});
