// The windows of the live page's data equal a naive model of what was counted in them.

import { setImmediate as nextTurn } from "node:timers/promises";
import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";
import { pageHandler } from "nrpc-metrics/page";
import { createSharedRegistry } from "nrpc-metrics/threads";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { fakeTime } from "../support/time.js";
import { dataOf, responseOf, rowsOf } from "./data.js";

let time;
beforeEach(() => {
  time = fakeTime(["performance", "setInterval", "clearInterval"]);
});

/** A quantile of latencies in ms, as histogram_quantile computes it. */
function naiveQuantile(q, bounds, latenciesMs) {
  if (latenciesMs.length === 0) return null;
  const below = (bound) => latenciesMs.filter((ms) => ms / 1000 <= bound).length;
  const rank = q * latenciesMs.length;
  const bucket = bounds.findIndex((bound) => below(bound) >= rank);
  if (bucket === -1) return bounds.at(-1);
  const [start, before] = bucket === 0 ? [0, 0] : [bounds[bucket - 1], below(bounds[bucket - 1])];
  return start + ((bounds[bucket] - start) * (rank - before)) / (below(bounds[bucket]) - before);
}

const OUTCOMES = {
  errorsNoRoute: "NoRoute",
  errorsTimeout: "Timeout",
  errorsServer: "ServerError",
  errorsTransport: "Transport",
};

describe.each([
  { kind: "a registry", makeRegistry: () => new RpcMetricsRegistry() },
  { kind: "a shared registry", makeRegistry: () => createSharedRegistry() },
])("the page's windows of $kind", ({ makeRegistry }) => {
  test("a window has what a naive model counts between its ends, and states its true length", async () => {
    const registry = makeRegistry();
    registry.forService("before").recordCall(CallOutcome.Ok, 1e6); // before any window
    const page = pageHandler(registry);
    let random = 1;
    const next = (n) => {
      random = (random * 48271) % 2147483647;
      return random % n;
    };
    const ops = [];
    const kinds = Object.values(CallOutcome).filter((value) => typeof value === "number");
    let tick = 0;
    time.advance(70 * 60_000, () => {
      tick++;
      for (let i = 0; i < 1 + (tick % 4); i++) {
        // "late" appears in the middle of the last minute, "hourly" in the middle of the last hour.
        const names = ["a", "b", ...(tick > 834 ? ["late"] : []), ...(tick > 300 ? ["hourly"] : [])];
        const op = {
          tick,
          name: names[next(names.length)],
          outcome: kinds[next(5)],
          ms: next(12_000),
          handlerMs: next(300),
        };
        ops.push(op);
        const service = registry.forService(op.name);
        service.recordCall(op.outcome, op.ms * 1e6);
        service.recordHandlerDuration(op.handlerMs * 1e6);
        service.add("handlerInvocationsTotal", 1);
        service.addStreamingChunksEmitted(op.ms);
        service.addStreamingChunksDropped(op.handlerMs);
        service.addCapabilityDenied();
      }
    });
    registry.forService("a").add("inFlight", 3);
    registry.forService("a").add("handlerInFlight", -1);
    const lengths = { minute: 60, hour: 3600, start: 70 * 60 };
    for (const [window, length] of Object.entries(lengths)) {
      const data = await dataOf(page, window, ["a", "late"]);
      expect(data).toMatchObject({ version: 1, window, overflowLookups: 0 });
      expect(Math.abs(data.spanSeconds - length)).toBeLessThanOrEqual(length / 12 + 2);
      const firstTick = Math.round((70 * 60 - data.spanSeconds) / 5);
      const rows = rowsOf(data);
      expect(Object.keys(rows)).toEqual(["a", "b", "before", "hourly", "late"]);
      expect(rows.before.calls).toBe(0);
      for (const name of ["a", "b", "late", "hourly"]) {
        const own = ops.filter((op) => op.name === name && op.tick > firstTick);
        const sum = (key) => own.reduce((total, op) => total + op[key], 0);
        expect(own.length).toBeGreaterThan(0);
        const row = rows[name];
        expect(row).toMatchObject({
          calls: own.length,
          handlerInvocations: own.length,
          streamingChunksEmitted: sum("ms"),
          streamingChunksDropped: sum("handlerMs"),
          capabilityDenied: own.length,
          inFlight: name === "a" ? 3 : 0,
          handlerInFlight: name === "a" ? -1 : 0,
        });
        for (const [column, outcome] of Object.entries(OUTCOMES))
          expect(row[column]).toBe(own.filter((op) => op.outcome === CallOutcome[outcome]).length);
        for (const percent of [50, 95, 99]) {
          const of = (key) =>
            naiveQuantile(
              percent / 100,
              data.buckets,
              own.map((op) => op[key]),
            );
          expect(row[`latencyP${percent}`]).toBeCloseTo(of("ms"), 4);
          expect(row[`handlerDurationP${percent}`]).toBeCloseTo(of("handlerMs"), 4);
        }
        const detail = data.details.find(({ service }) => service === name);
        const edges = [-1, ...data.buckets, Infinity];
        const buckets = (key) =>
          edges
            .slice(1)
            .map((edge, i) => own.filter((op) => op[key] / 1000 > edges[i] && op[key] / 1000 <= edge).length);
        if (detail) expect(detail).toMatchObject({ latency: buckets("ms"), handlerDuration: buckets("handlerMs") });
      }
      expect(data.details.map(({ service }) => service)).toEqual(["a", "late"]);
    }
  });

  test("a window is no longer than the time since the page was made", async () => {
    const registry = makeRegistry();
    const page = pageHandler(registry);
    registry.forService("a").recordCall(CallOutcome.Ok, 1e6);
    time.advance(20_000);
    for (const window of ["minute", "hour", "start"]) {
      const data = await dataOf(page, window);
      expect(data.spanSeconds).toBeGreaterThanOrEqual(20);
      expect(data.spanSeconds).toBeLessThan(22);
      expect(rowsOf(data).a).toMatchObject({ calls: 1, latencyP50: 0.0025, handlerDurationP50: null });
    }
  });
});

test("the last five minutes are rates per second, 0 for times before a service existed", async () => {
  const registry = new RpcMetricsRegistry();
  const page = pageHandler(registry);
  time.advance(400_000, (seconds) => {
    for (let i = 0; i < 10; i++) registry.forService("a").recordCall(i < 5 ? CallOutcome.Timeout : CallOutcome.Ok, 1);
    if (seconds > 390) registry.forService("b").add("handlerInvocationsTotal", 20);
  });
  const { sparkSeconds, details } = await dataOf(page, "minute", ["b", "a", "unknown"]);
  expect(sparkSeconds).toHaveLength(60);
  for (const seconds of sparkSeconds) expect(seconds).toBeCloseTo(5, 1);
  const [a, b] = details;
  for (const rate of a.calls) expect(rate).toBeCloseTo(2, 1);
  for (const rate of a.errors) expect(rate).toBeCloseTo(1, 1);
  expect(b.handlerInvocations.slice(0, 58)).toEqual(Array(58).fill(0));
  for (const rate of b.handlerInvocations.slice(58)) expect(rate).toBeCloseTo(4, 1);
});

test("the sparklines of faults count the server's faults on either side, not errors of callers", async () => {
  const registry = new RpcMetricsRegistry();
  const page = pageHandler(registry);
  const service = registry.forService("a");
  time.advance(20_000, () => {
    for (const status of ["internal", "not_found"]) {
      service.recordCall(status, 1);
      for (let i = 0; i < 2; i++) service.add(`handlerStatuses.${status}`, 1);
    }
  });
  const [a] = (await dataOf(page, "minute", ["a"])).details;
  for (const [sparkline, rate] of [
    [a.callFaults, 0.2],
    [a.handlerFaults, 0.4],
  ]) {
    expect(sparkline.length).toBeGreaterThan(1);
    for (const shown of sparkline) expect(shown).toBeCloseTo(rate, 1);
  }
});

test("where there is no WeakRef, a page samples on", async () => {
  vi.stubGlobal("WeakRef", undefined);
  onTestFinished(() => vi.unstubAllGlobals());
  const page = pageHandler(new RpcMetricsRegistry());
  time.advance(10_000);
  expect((await dataOf(page, "minute")).sparkSeconds).toHaveLength(2);
});

test("a sample of the timer that closely follows a request's is left out", async () => {
  const registry = new RpcMetricsRegistry();
  const page = pageHandler(registry);
  const clock = fakeTime(["performance"]); // a blocked process: time passes, and no timer runs
  clock.advance(8000);
  expect(toSeconds(await dataOf(page, "minute"))).toEqual([8]);
  vi.advanceTimersByTime(5000);
  expect(toSeconds(await dataOf(page, "minute"))).toEqual([8]);
  time.advance(5000);
  expect(toSeconds(await dataOf(page, "minute"))).toEqual([8, 5]);
});

const toSeconds = ({ sparkSeconds }) => sparkSeconds.map(Math.round);

test("a source whose samples come late, or never, or fail, is not asked for two at a time", async () => {
  const registry = new RpcMetricsRegistry();
  let asked = 0;
  let answer;
  const source = {
    snapshot() {
      asked++;
      return new Promise((resolve, reject) => {
        answer = { resolve: () => resolve(registry.snapshot()), reject };
      });
    },
  };
  const page = pageHandler(source);
  time.advance(20_000);
  expect(asked).toBe(1);
  answer.reject(new Error("busy"));
  await nextTurn();
  time.advance(10_000);
  expect(asked).toBe(2);
  answer.resolve();
  await nextTurn();
  time.advance(5000);
  expect(asked).toBe(3);
  answer.resolve();
  await nextTurn();
  const data = dataOf(page, "minute");
  while (asked < 4) await nextTurn();
  answer.resolve();
  expect(toSeconds(await data)).toEqual([10]);
});

test("in a window, a counter that wrapped counts 0, and one beyond 2^53 counts exactly what was added", async () => {
  const registry = new RpcMetricsRegistry();
  registry.forService("wraps").add("callsTotal", 2n ** 64n - 1n);
  registry.forService("large").add("callsTotal", 2n ** 60n);
  const page = pageHandler(registry);
  time.advance(10_000);
  registry.forService("wraps").add("callsTotal", 5);
  registry.forService("large").add("callsTotal", 5);
  const rows = rowsOf(await dataOf(page, "minute"));
  expect([rows.wraps.calls, rows.large.calls]).toEqual([0, 5]);
});

test("close() and Symbol.dispose end the page's timer, after which requests take the samples", async () => {
  const registry = new RpcMetricsRegistry();
  const page = pageHandler(registry);
  const other = pageHandler(registry);
  expect(time.intervalCount()).toBe(2);
  page.close();
  expect(time.intervalCount()).toBe(1);
  if (Symbol.dispose) expect(other[Symbol.dispose]).toBe(other.close);
  other[Symbol.for("Symbol.dispose")](); // what compiled code calls where Symbol.dispose is missing
  expect(time.intervalCount()).toBe(0);
  time.advance(60_000);
  registry.forService("a").recordCall(CallOutcome.Ok, 1e6);
  await dataOf(page, "minute");
  time.advance(60_000);
  registry.forService("a").recordCall(CallOutcome.Ok, 1e6);
  const data = await dataOf(page, "minute");
  expect(Math.round(data.spanSeconds)).toBe(60);
  expect(rowsOf(data).a.calls).toBe(1);
});

test("without a timer, a window after a pause states that it began before the pause", async () => {
  const registry = new RpcMetricsRegistry();
  const page = pageHandler(registry);
  time.advance(120_000);
  page.close();
  time.advance(48 * 60_000);
  registry.forService("a").recordCall(CallOutcome.Ok, 1e6);
  for (const soon of ["at once", "again"]) {
    const data = await dataOf(page, "minute", ["a"]);
    expect(Math.round(data.spanSeconds / 60), soon).toBe(48);
    expect(rowsOf(data).a, soon).toMatchObject({ calls: 1, latencyP50: 0.0025 });
    expect(Math.round(data.sparkSeconds.at(-1) / 60), soon).toBe(48);
    expect(data.details[0].calls.at(-1), soon).toBeCloseTo(1 / (48 * 60), 5);
  }
  time.advance(60_000);
  const data = await dataOf(page, "minute");
  expect(Math.round(data.spanSeconds)).toBe(60);
  expect(rowsOf(data).a.calls).toBe(0);
});

test("all details in a response are from one moment, even if samples are taken while it is written", async () => {
  const registry = new RpcMetricsRegistry();
  const page = pageHandler(registry);
  const names = Array.from({ length: 200 }, (_, i) => `service ${i}`);
  time.advance(30_000, () => {
    for (const name of names) registry.forService(name).recordCall(CallOutcome.Ok, 1e6);
  });
  const { body } = await responseOf(page, "minute", names);
  const pieces = [];
  for await (const piece of body) {
    if (pieces.length === 0) time.advance(30_000);
    pieces.push(piece);
  }
  expect(pieces.length).toBeGreaterThan(2);
  const { sparkSeconds, details } = JSON.parse(Buffer.concat(pieces));
  expect(sparkSeconds).toHaveLength(6);
  expect(details).toHaveLength(200);
  for (const detail of details) {
    expect(detail.latency.reduce((sum, n) => sum + n)).toBe(6);
    for (const key of ["calls", "errors", "handlerInvocations"]) expect(detail[key]).toHaveLength(6);
  }
});

test("if timers are refused, windows begin with the first request", async () => {
  globalThis.setInterval = () => {
    throw new Error("Disallowed operation called within global scope");
  };
  const registry = new RpcMetricsRegistry();
  registry.forService("a").recordCall(CallOutcome.Ok, 1e6);
  const page = pageHandler(registry);
  time.advance(30_000);
  const first = await dataOf(page, "start");
  expect(first.spanSeconds).toBe(0);
  expect(rowsOf(first).a.calls).toBe(0);
  registry.forService("a").recordCall(CallOutcome.Ok, 1e6);
  time.advance(10_000);
  const second = await dataOf(page, "start");
  expect(Math.round(second.spanSeconds)).toBe(10);
  expect(rowsOf(second).a.calls).toBe(1);
});
