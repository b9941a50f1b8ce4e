// Nothing of a tRPC call stays behind: no guard that was never ended, and no memory that holds calls.

import { TRPCError } from "@trpc/server";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { denialMiddleware, metricsMiddleware } from "nrpc-metrics/trpc";
import { expect, test } from "vitest";
import { collected } from "../../support/collected.js";
import { counted } from "../counted.js";
import { aborted, anything, ended, shop, signal, t } from "./loopback.js";

const PROCEDURES = ({ guarded }) => ({
  get: guarded.input(anything).query(async ({ input, signal: left }) => {
    if (input === "fail") throw new TRPCError({ code: "CONFLICT" });
    if (input === "throw") throw new Error("a bug");
    if (input?.hang) await aborted(left);
    return input;
  }),
  ticks: guarded.input(anything).subscription(async function* ({ input, signal: left }) {
    yield 1;
    if (input === "fail") throw new TRPCError({ code: "CONFLICT" });
    if (input === "hang") await aborted(left);
  }),
});

test.each([
  ["http", undefined],
  ["batch", undefined],
  ["stream", undefined],
  ["ws", "ws"],
  ["sse", "sse"],
])("over the link %s no guard is collected before its end, however calls end", async (link, streams) => {
  const registry = new RpcMetricsRegistry({ detectLeaks: true });
  const gate = async ({ getRawInput, next }) => {
    if ((await getRawInput()) === "refuse") throw new TRPCError({ code: "FORBIDDEN" });
    return next();
  };
  const { client } = await shop({ link, registry, gates: [gate], procedures: PROCEDURES });
  for (let round = 0; round < 5; round++) {
    if (link !== "sse") {
      for (const input of ["fine", "fail", "throw", "refuse"]) await ended(client.get.query(input));
      const controller = new AbortController();
      const call = ended(client.get.query({ hang: link !== "ws" }, { signal: controller.signal }));
      setTimeout(() => controller.abort(), 20);
      await call;
    }
    if (streams === undefined) continue;
    for (const input of ["fine", "fail", "refuse"]) {
      await new Promise((resolve) => {
        client.ticks.subscribe(input, { onComplete: resolve, onError: resolve });
      });
    }
    const { send, received } = signal();
    const subscription = client.ticks.subscribe("hang", { onData: send });
    await received;
    subscription.unsubscribe();
  }
  await counted(registry); // nothing is in flight
  for (let i = 0; i < 5; i++) await collected(new WeakRef({}));
  expect(registry.leakedGuards).toBe(0);
});

test("the middlewares hold no call that has ended, nor its signal's listeners", async () => {
  const registry = new RpcMetricsRegistry();
  const procedure = t.procedure.use(denialMiddleware(registry)).use(metricsMiddleware(registry));
  const contexts = [];
  const router = t.router({
    get: procedure.query(({ ctx }) => {
      contexts.push(new WeakRef(ctx));
    }),
    read: procedure.query(async function* ({ ctx }) {
      contexts.push(new WeakRef(ctx));
      yield 1;
    }),
  });
  const controller = new AbortController(); // which outlives its calls
  const listening = [];
  const add = controller.signal.addEventListener.bind(controller.signal);
  const remove = controller.signal.removeEventListener.bind(controller.signal);
  controller.signal.addEventListener = (type, listener) => {
    listening.push(listener);
    add(type, listener);
  };
  controller.signal.removeEventListener = (type, listener) => {
    listening.splice(listening.indexOf(listener), 1);
    remove(type, listener);
  };
  const callerOf = t.createCallerFactory(router);
  const use = async (caller) => {
    await caller.get();
    for await (const _ of await caller.read());
  };
  for (let i = 0; i < 3; i++) await use(callerOf({ call: i }, { signal: controller.signal }));
  await counted(registry);
  expect(contexts).toHaveLength(6);
  for (const context of contexts) expect(await collected(context)).toBe(true);
  expect(listening).toEqual([]);
});
