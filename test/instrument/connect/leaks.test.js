// Nothing of a Connect call stays behind: no guard that was never ended, and no memory that holds calls.

import { Code, ConnectError } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { clientInterceptor, serverInterceptors } from "nrpc-metrics/connect";
import { expect, test, vi } from "vitest";
import { collected } from "../../support/collected.js";
import { called, counted, ran } from "../counted.js";
import { connect, ECHOING, Echo, echo, kindsOf, listen, made, TRANSPORTS, waiting } from "./loopback.js";

async function collectGarbage() {
  for (let i = 0; i < 5; i++) await collected(new WeakRef({}));
}

/** A client and a server that are measured by a registry which detects leaks. */
async function detecting(transport, handlers, interceptors = []) {
  const registry = new RpcMetricsRegistry({ detectLeaks: true });
  const routes = (router) => router.service(Echo, handlers);
  const { url } = await listen(
    connectNodeAdapter({ routes, interceptors: serverInterceptors(registry, { interceptors }) }),
    TRANSPORTS[transport].httpVersion,
  );
  return { registry, client: connect(url, transport, { interceptors: [clientInterceptor(registry)] }) };
}

test.each(Object.keys(TRANSPORTS))(
  "no guard is collected before its end, however calls over %s end",
  async (transport) => {
    const { handlers } = waiting();
    const { registry, client } = await detecting(transport, {
      ...ECHOING,
      one({ text }, context) {
        if (text === "fail") throw new ConnectError("failed", Code.Internal);
        if (text === "throw") throw new Error("a bug");
        return text === "hang" ? handlers.one({}, context) : { text };
      },
    });
    for (let round = 0; round < 3; round++) {
      for (const request of ["fine", "fail", "throw"]) await made(client, "One", { requests: [request] });
      await made(client, "One", { requests: ["hang"], signal: AbortSignal.timeout(20) });
      await made(client, "One", { requests: ["hang"], timeoutMs: 20 });
      for (const kind of kindsOf(transport)) await made(client, kind);
    }
    await counted(registry); // nothing is in flight
    await collectGarbage();
    expect(registry.leakedGuards).toBe(0);
  },
);

const streams = ["Connect over HTTP/2", "gRPC over HTTP/2", "Connect over HTTP/1.1", "Connect over fetch"];

/** Breaks off in a function of its own, since the stream must not be in a variable of a test that goes on. */
async function breakOff(client) {
  for await (const _ of client.down({})) break;
}

test.each(streams)(
  "a stream over %s whose reader breaks off has not resolved, once it is collected",
  async (transport) => {
    const { registry, client } = await detecting(transport, waiting().handlers);
    await breakOff(client);
    expect(registry.snapshot().get("test.Echo/Down").inFlight).toBe(1);
    await vi.waitFor(
      async () => {
        await collectGarbage();
        expect(registry.snapshot().get("test.Echo/Down").inFlight).toBe(0);
      },
      { timeout: 30_000 },
    );
    const { callsTotal, callStatuses } = registry.snapshot().get("test.Echo/Down");
    expect([callsTotal, callStatuses.cancelled]).toEqual([0, 0]);
    expect(registry.leakedGuards).toBe(0);
  },
);

test.each(streams)("a stream over %s that is never read has not resolved, once it is collected", async (transport) => {
  const { registry, client } = await detecting(transport, waiting().handlers);
  client.down({});
  await expect.poll(() => registry.snapshot().get("test.Echo/Down").handlerInFlight).toBe(1);
  await vi.waitFor(
    async () => {
      await collectGarbage();
      expect(registry.snapshot().get("test.Echo/Down").inFlight).toBe(0);
    },
    { timeout: 30_000 },
  );
  expect(registry.snapshot().get("test.Echo/Down").callsTotal).toBe(0);
  expect(registry.leakedGuards).toBe(0);
});

test.each(streams)("a stream over %s that is still read is not given up by a collection", async (transport) => {
  const down = async function* () {
    for (const text of ["1", "2", "3"]) {
      await collectGarbage(); // while the reader waits
      yield { text };
    }
  };
  const { call, counts } = await echo({ transport, handlers: { down } });
  const { messages } = await call("Down", { onMessage: collectGarbage });
  expect(messages).toEqual(["1", "2", "3"]);
  expect(await counts("Down")).toEqual({ ...called("ok"), ...ran("ok", { emitted: 3 }) });
});

test("a stream that an outer interceptor leaves has not resolved, without a wait for the collector", async () => {
  const first = (next) => async (request) => {
    const response = await next(request);
    if (!response.stream) return response;
    const messages = async function* () {
      for await (const message of response.message) {
        yield message;
        return;
      }
    };
    return { ...response, message: messages() };
  };
  const { call, counts } = await echo({ handlers: waiting().handlers, calling: { outer: [first] } });
  expect((await call("Down")).messages).toEqual(["first"]);
  expect(await counts("Down")).toEqual(ran("cancelled", { emitted: 1 }));
});

test("where nothing can be told of garbage, streams are measured all the same", async () => {
  vi.stubGlobal("FinalizationRegistry", undefined); // as in older Workers
  const { call, counts } = await echo();
  await call("Down");
  vi.unstubAllGlobals();
  expect(await counts("Down")).toEqual({ ...called("ok"), ...ran("ok", { emitted: 3 }) });
});

const KINDS = ["One", "Up", "Down", "Both"];

test("signals keep no listener of a call that has ended", async () => {
  const added = vi.spyOn(AbortSignal.prototype, "addEventListener");
  const removed = vi.spyOn(AbortSignal.prototype, "removeEventListener");
  const { call, registry } = await echo();
  for (const kind of KINDS) await call(kind);
  await counted(registry);
  const listenersOf = ({ mock }) => mock.calls.map(([, listener]) => listener).filter((each) => "handleEvent" in each);
  const [ofAdded, ofRemoved] = [listenersOf(added), listenersOf(removed)];
  vi.restoreAllMocks();
  expect(ofAdded).toHaveLength(4 + 3); // runs, and calls that are streams
  for (const listener of ofAdded) expect(ofRemoved).toContain(listener);
});

test("neither side holds a call that has ended", async () => {
  const requests = [];
  const noting = (next) => (request) => {
    requests.push(new WeakRef(request));
    return next(request);
  };
  const { call, registry } = await echo({ serving: { interceptors: [noting] }, calling: { inner: [noting] } });
  for (const kind of KINDS) await call(kind);
  await counted(registry);
  expect(requests).toHaveLength(8);
  for (const request of requests) expect(await collected(request)).toBe(true);
});
