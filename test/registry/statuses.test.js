// Statuses: what calls and handlers were answered, and what follows from it.

import { CallOutcome, RPC_STATUSES, RpcMetricsRegistry } from "nrpc-metrics";
import { describe, expect, test } from "vitest";
import { vectors } from "../conformance/vectors.js";
import { manualClock } from "../support/time.js";

const NONE = Object.fromEntries(RPC_STATUSES.map((status) => [status, 0]));

const ERROR_FIELDS = ["errorsNoRoute", "errorsTimeout", "errorsServer", "errorsTransport"];

/** The error counter of each status; `errorsServer` for the others. */
const FIELD_OF = {
  ok: undefined,
  unimplemented: "errorsNoRoute",
  deadline_exceeded: "errorsTimeout",
  unavailable: "errorsTransport",
};
const errorFieldOf = (status) => (status in FIELD_OF ? FIELD_OF[status] : "errorsServer");

const named = (name) => Object.assign(new Error(name), { name });
const rejectWith = (error) => async () => {
  throw error;
};

test("statuses are those of gRPC, in the order of its numbers", () => {
  expect(RPC_STATUSES).toHaveLength(17);
  expect([0, 1, 4, 5, 12, 14, 16].map((code) => RPC_STATUSES[code])).toEqual([
    "ok",
    "cancelled",
    "deadline_exceeded",
    "not_found",
    "unimplemented",
    "unavailable",
    "unauthenticated",
  ]);
});

function setup() {
  const clock = manualClock();
  const registry = new RpcMetricsRegistry({ clock });
  return { clock, registry, echo: registry.forService("echo"), read: () => registry.snapshot().get("echo") };
}

test.each(RPC_STATUSES)("a call that was answered %s counts under it, and under the outcome that follows", (status) => {
  const { echo, read } = setup();
  const call = echo.startCall();
  call.recordStatus(status);
  expect(read()).toMatchObject({ callsTotal: 0, callStatuses: NONE, inFlight: 1 });
  call.end();
  const row = read();
  expect(row).toMatchObject({ callsTotal: 1, latencyCount: 1, inFlight: 0, handlerStatuses: NONE });
  expect(row.callStatuses).toEqual({ ...NONE, [status]: 1 });
  for (const field of ERROR_FIELDS) expect(row[field]).toBe(field === errorFieldOf(status) ? 1 : 0);
});

test("a call of an adapter can have another outcome than its status implies, until another mark takes both back", () => {
  const { echo, read } = setup();
  const [kept, takenBack, late] = [echo.startCall(), echo.startCall(), echo.startCall()];
  kept.recordAnswer(CallOutcome.NoRoute, "not_found");
  kept.end();
  expect(read()).toMatchObject({ callsTotal: 1, errorsNoRoute: 1, errorsServer: 0 });
  expect(read().callStatuses).toEqual({ ...NONE, not_found: 1 });
  takenBack.recordAnswer(CallOutcome.NoRoute, "not_found");
  takenBack.end(CallOutcome.Timeout);
  late.end();
  late.recordAnswer(CallOutcome.NoRoute, "not_found");
  late.end();
  expect(read()).toMatchObject({ callsTotal: 2, errorsNoRoute: 1, errorsTimeout: 1, inFlight: 0 });
  expect(read().callStatuses).toEqual({ ...NONE, not_found: 1 });
});

test.each(RPC_STATUSES)("a handler that answered %s counts under it, once, at its end", (status) => {
  const { echo, read } = setup();
  const handler = echo.startHandler();
  handler.recordStatus("ok");
  handler.recordStatus(status);
  expect(read().handlerStatuses).toEqual(NONE);
  handler.end();
  handler.end();
  handler.recordStatus("internal");
  handler.end();
  const row = read();
  expect(row.handlerStatuses).toEqual({ ...NONE, [status]: 1 });
  expect(row).toMatchObject({ handlerInvocationsTotal: 1, handlerPanicsTotal: 0, callStatuses: NONE });
});

test("an outcome alone counts no status, and the last mark of either kind wins", () => {
  const { echo, read } = setup();
  const marks = [
    (call) => call.record(CallOutcome.ServerError),
    (call) => [call.recordStatus("not_found"), call.record(CallOutcome.Timeout)],
    (call) => [call.record(CallOutcome.Timeout), call.recordStatus("not_found")],
    (call) => [call.recordStatus("internal"), call.recordStatus("ok")],
  ];
  for (const mark of marks) {
    const call = echo.startCall();
    mark(call);
    call.end();
  }
  const call = echo.startCall();
  call.recordStatus("data_loss");
  call.end(CallOutcome.Transport);
  expect(read()).toMatchObject({
    callsTotal: 5,
    errorsServer: 2,
    errorsTimeout: 1,
    errorsTransport: 1,
    callStatuses: { ...NONE, not_found: 1, ok: 1 },
  });
});

test("a call that never resolved has no status", () => {
  const { echo, read } = setup();
  echo.startCall().end();
  expect(read()).toMatchObject({ callsTotal: 0, callStatuses: NONE });
});

test.each([undefined, null, 5, "NOT_FOUND", "", {}, Symbol("ok"), "__proto__"])(
  "a value that is no status is ignored by guards: %s",
  (value) => {
    const { echo, read } = setup();
    const call = echo.startCall();
    call.recordStatus("aborted");
    call.recordStatus(value);
    call.end();
    const handler = echo.startHandler();
    handler.recordStatus("aborted");
    handler.recordStatus(value);
    handler.end();
    const row = read();
    expect([row.callStatuses, row.handlerStatuses]).toEqual(Array(2).fill({ ...NONE, aborted: 1 }));
  },
);

test("a throw counts with the status unknown, or with the one that is marked", () => {
  const { echo, read } = setup();
  echo.startHandler().end();
  const thrown = echo.startHandler();
  thrown.threw();
  thrown.end();
  expect(read()).toMatchObject({ handlerPanicsTotal: 1, handlerStatuses: { ...NONE, unknown: 1 } });
  for (const marks of [
    (handler) => [handler.threw(), handler.recordStatus("internal")],
    (handler) => [handler.recordStatus("internal"), handler.threw()],
  ]) {
    const handler = echo.startHandler();
    marks(handler);
    handler.end();
  }
  expect(read()).toMatchObject({ handlerPanicsTotal: 3, handlerStatuses: { ...NONE, unknown: 1, internal: 2 } });
});

test("a throw after the end counts once, with the status unknown unless the run had one", () => {
  const { echo, read } = setup();
  const handler = echo.startHandler();
  handler.end();
  expect(read()).toMatchObject({ handlerPanicsTotal: 0, handlerStatuses: NONE });
  handler.threw();
  handler.threw();
  handler.end();
  expect(read()).toMatchObject({ handlerPanicsTotal: 1, handlerStatuses: { ...NONE, unknown: 1 } });

  const answered = echo.startHandler();
  answered.recordStatus("ok");
  answered.end();
  answered.threw();
  const threwBefore = echo.startHandler();
  threwBefore.threw();
  threwBefore.end();
  threwBefore.threw();
  expect(read()).toMatchObject({
    handlerPanicsTotal: 3,
    handlerInFlight: 0,
    handlerDurationCount: 3,
    handlerStatuses: { ...NONE, unknown: 2, ok: 1 },
  });
});

test("observeCall counts ok, the status that classify returns, or that which the function marks", async () => {
  const { echo, read } = setup();
  echo.observeCall(() => 1);
  await echo.observeCall(async () => 1);
  await expect(echo.observeCall(rejectWith(named("Lost")), () => "data_loss")).rejects.toThrow("Lost");
  await expect(echo.observeCall(rejectWith(named("Lost")), () => CallOutcome.Transport)).rejects.toThrow("Lost");
  await expect(echo.observeCall(rejectWith(named("Lost")), () => "LOST")).rejects.toThrow("Lost");
  await echo.observeCall(async (call) => call.recordStatus("not_found"));
  await expect(
    echo.observeCall(
      async (call) => {
        call.recordStatus("aborted");
        throw named("Lost");
      },
      () => "data_loss",
    ),
  ).rejects.toThrow("Lost");
  expect(read()).toMatchObject({
    callsTotal: 7,
    errorsServer: 4,
    errorsTransport: 1,
    callStatuses: { ...NONE, ok: 2, data_loss: 1, not_found: 1, aborted: 1 },
  });
});

test("observeHandler counts ok, or the status that the function marks on the guard it is given", async () => {
  const { echo, read } = setup();
  expect(echo.observeHandler(() => "reply")).toBe("reply");
  expect(await echo.observeHandler(async () => "reply")).toBe("reply");
  await echo.observeHandler(async (handler) => handler.recordStatus("not_found"));
  echo.observeHandler((handler) => handler.threw());
  expect(read()).toMatchObject({
    handlerInvocationsTotal: 4,
    handlerPanicsTotal: 1,
    handlerStatuses: { ...NONE, ok: 2, not_found: 1, unknown: 1 },
  });
});

test("observeHandler takes a throw for an answer if classify has a status for it, and else for a bug", async () => {
  const { echo, read } = setup();
  const classify = (error) => (error.name === "Missing" ? "not_found" : undefined);
  await expect(echo.observeHandler(rejectWith(named("Missing")), classify)).rejects.toThrow("Missing");
  expect(() =>
    echo.observeHandler(() => {
      throw named("Missing");
    }, classify),
  ).toThrow("Missing");
  await expect(echo.observeHandler(rejectWith(named("Bug")), classify)).rejects.toThrow("Bug");
  const failing = () => {
    throw named("Bug in classify");
  };
  await expect(echo.observeHandler(rejectWith(named("Missing")), failing)).rejects.toThrow("Missing");
  await expect(echo.observeHandler(rejectWith(named("Missing")), () => "NOT_FOUND")).rejects.toThrow("Missing");
  await expect(
    echo.observeHandler(async (handler) => {
      handler.recordStatus("resource_exhausted");
      throw named("Missing");
    }, classify),
  ).rejects.toThrow("Missing");
  expect(read()).toMatchObject({
    handlerInvocationsTotal: 6,
    handlerPanicsTotal: 3,
    handlerInFlight: 0,
    handlerStatuses: { ...NONE, not_found: 2, unknown: 3, resource_exhausted: 1 },
  });
});

test("by default, observeHandler takes an abort for cancelled and everything else for a bug", async () => {
  const { echo, read } = setup();
  await expect(echo.observeHandler(rejectWith(new DOMException("gone", "AbortError")))).rejects.toThrow("gone");
  await expect(echo.observeHandler(rejectWith(named("TimeoutError")))).rejects.toThrow("TimeoutError");
  await expect(echo.observeHandler(rejectWith(undefined))).rejects.toBe(undefined);
  expect(read()).toMatchObject({
    handlerPanicsTotal: 2,
    handlerStatuses: { ...NONE, cancelled: 1, unknown: 2 },
  });
});

test("a function that ends its guard itself and then throws is counted once, with its late throw", async () => {
  const { echo, read } = setup();
  await expect(
    echo.observeHandler(async (handler) => {
      handler.recordStatus("ok");
      handler.end();
      throw named("Late");
    }),
  ).rejects.toThrow("Late");
  expect(read()).toMatchObject({
    handlerInvocationsTotal: 1,
    handlerPanicsTotal: 1,
    handlerDurationCount: 1,
    handlerStatuses: { ...NONE, ok: 1 },
  });
});

test.each([null, 5, "ok", {}])("observeHandler refuses a classify that is no function: %s", (classify) => {
  const { echo, read } = setup();
  expect(() => echo.observeHandler(() => 1, classify)).toThrow(TypeError);
  expect(() => echo.observeHandler(() => 1, classify)).toThrow("classify must be a function, got");
  expect(read()).toMatchObject({ handlerInvocationsTotal: 0, handlerStatuses: NONE });
});

test("recordCall takes a status in place of an outcome", () => {
  const { echo, read } = setup();
  echo.recordCall("unimplemented", 5e6);
  echo.recordCall("ok", 5n);
  expect(read()).toMatchObject({
    callsTotal: 2,
    errorsNoRoute: 1,
    latencySumNs: 5_000_005,
    inFlight: 0,
    callStatuses: { ...NONE, unimplemented: 1, ok: 1 },
  });
  expect(() => echo.recordCall("OK", 1)).toThrow('outcome must be a CallOutcome (0 to 4) or an RpcStatus, got "OK"');
  expect(() => echo.recordCall("ok", -1)).toThrow(RangeError);
  expect(read()).toMatchObject({ callsTotal: 2, callStatuses: { ok: 1 } });
});

test("add counts under a status, by its path in a snapshot", () => {
  const { echo, read } = setup();
  echo.add("callStatuses.not_found", 12);
  echo.add("handlerStatuses.ok", 2n ** 64n - 1n);
  echo.add("handlerStatuses.ok", 3);
  const row = read();
  expect(row.callStatuses).toEqual({ ...NONE, not_found: 12 });
  expect(row.handlerStatuses).toEqual({ ...NONE, ok: 2 });
  expect(row.callsTotal).toBe(0);
  for (const field of ["callStatuses", "callStatuses.NOT_FOUND", "callStatuses.", "ok"])
    expect(() => echo.add(field, 1)).toThrow("callStatuses.STATUS, handlerStatuses.STATUS, got");
  expect(() => echo.add("callStatuses.ok", -1)).toThrow("n of callStatuses.ok must be a whole number from 0");
});

describe("text", () => {
  const HELP = {
    call: "# HELP nrpc_call_status_total Resolved nRPC calls, partitioned by status; only calls whose status is known.\n",
    handler:
      "# HELP nrpc_handler_status_total Handler runs, partitioned by the status they answered; only runs whose status is known.\n",
  };

  test("of one status has its family, and nothing of the others", () => {
    const registry = new RpcMetricsRegistry({ services: ["a", "b"] });
    const before = registry.snapshot().prometheusText();
    registry.forService("b").add("callStatuses.not_found", 3);
    expect(registry.snapshot().prometheusText()).toBe(
      `${before}${HELP.call}# TYPE nrpc_call_status_total counter\nnrpc_call_status_total{service="b",code="not_found"} 3\n`,
    );
  });

  test("has the samples of a service in the order of gRPC's numbers", () => {
    const registry = new RpcMetricsRegistry();
    for (const status of [...RPC_STATUSES].reverse()) registry.forService("a").add(`handlerStatuses.${status}`, 1);
    const text = registry.snapshot().prometheusText();
    expect([...text.matchAll(/^nrpc_handler_status_total\{service="a",code="(\w+)"\} 1$/gm)].map(([, c]) => c)).toEqual(
      [...RPC_STATUSES],
    );
    expect(text).toContain(HELP.handler);
    expect(text).not.toContain("nrpc_call_status");
  });

  test("of OpenMetrics has them, too, each with the time of its service's creation on request", () => {
    const registry = new RpcMetricsRegistry();
    registry.forService("a").recordCall("aborted", 1);
    const text = registry.snapshot().openMetricsText({ created: true });
    expect(text).toMatch(
      /# TYPE nrpc_call_status counter\nnrpc_call_status_total\{service="a",code="aborted"\} 1\nnrpc_call_status_created\{service="a",code="aborted"\} \d+(\.\d+)?\n# EOF\n$/,
    );
  });

  test("of a handler that threw is the reference's, and its status", () => {
    const { ops, text } = vectors.find(({ name }) => name === "handlers-and-streams");
    expect(ops.filter(([op, , how]) => op === "handler" && how === "panic").length).toBeGreaterThan(0);
    let nowMs = 0;
    const registry = new RpcMetricsRegistry({ clock: () => nowMs });
    for (const [op, name, ...args] of ops) {
      const service = registry.forService(name);
      if (op !== "handler") {
        if (op === "add")
          service.add(
            args[0].replace(/_([a-z])/g, (_, c) => c.toUpperCase()),
            args[1],
          );
        else if (op === "handler_start") service.startHandler();
        else expect(op).toBe("service");
        continue;
      }
      nowMs = 0;
      const handler = service.startHandler();
      if (args[0] === "panic") handler.threw();
      nowMs = args[1] / 1e6;
      handler.end();
    }
    expect(registry.snapshot().prometheusText()).toBe(
      `${text}${HELP.handler}# TYPE nrpc_handler_status_total counter\nnrpc_handler_status_total{service="h",code="unknown"} 1\n`,
    );
  });
});
