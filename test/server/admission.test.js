// What requests are answered when there is no place, no time, or no body, and what is counted. The clock stands still
// until a test moves it.

import { afterAll, afterEach, beforeEach, expect, test, vi } from "vitest";

let Admission;
let Traffic;
let LateSnapshotError;
let processLoad;

beforeEach(async () => {
  // Taken by the modules when they are imported.
  vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
  vi.resetModules();
  ({ Admission, Traffic, processLoad } = await import("../../src/server/admission.ts"));
  ({ LateSnapshotError } = await import("../../src/server/late-snapshot.ts"));
  vi.advanceTimersByTime(1000); // so that a time is no duration
});

afterEach(() => {
  expect(processLoad()).toEqual({ underWay: 0, waiting: 0, unreadBytes: 0 });
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

afterAll(() => vi.resetModules());

/** Moves the clock, and lets the event loop turn so that whatever was due has run. */
async function pass(ms) {
  await vi.advanceTimersByTimeAsync(ms);
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}

const LIMIT_MS = 1000;

/** An admission with one place, and a function that asks it for a reply. */
function admissionOf(places = 1) {
  const traffic = new Traffic();
  const admission = new Admission(places, "too many", traffic);
  const ask = (answer, { method = "GET", limitMs = LIMIT_MS, address, sharedWork } = {}) => {
    const asked = { leave: undefined, reply: undefined };
    const exchange = {
      method,
      address,
      onClientGone: (listener) => {
        asked.leave = listener;
      },
    };
    asked.promise = admission.reply(exchange, limitMs, answer, sharedWork).then((reply) => {
      asked.reply = reply;
      return reply;
    });
    return asked;
  };
  return { traffic, ask };
}

/** An answer with a body of these chunks. */
function answerOf(...chunks) {
  const body = {
    return: vi.fn(),
    next: async () => (chunks.length > 0 ? { done: false, value: chunks.shift() } : { done: true, value: undefined }),
  };
  return { headers: { "x-name": "value" }, body };
}

/** Reads a body to its end; fulfils with the number of bytes. */
async function bytesIn(body) {
  let bytes = 0;
  for (let next = await body.next(); !next.done; next = await body.next()) bytes += next.value.length;
  return bytes;
}

/** How many responses ended in each way, of those that did. */
const resultsOf = ({ responses }) => Object.fromEntries(Object.entries(responses).filter(([, count]) => count > 0));

const COMMON = {
  "content-type": "text/plain; charset=utf-8",
  "cache-control": "no-store",
  "cross-origin-resource-policy": "same-origin",
  "x-content-type-options": "nosniff",
};
const refused = (reason) => ({ status: 503, headers: { ...COMMON, "retry-after": "1" }, body: `${reason}\n` });

test("a response is counted with its bytes and its time once its body has been read", async () => {
  const { traffic, ask } = admissionOf();
  const answer = answerOf(new Uint8Array(3), new Uint8Array(4));
  const { status, headers, body } = await ask(async () => answer).promise;
  expect([status, headers]).toEqual([200, { "x-name": "value" }]);
  expect(processLoad()).toEqual({ underWay: 1, waiting: 0, unreadBytes: 0 });
  await body.next();
  expect([processLoad().unreadBytes, traffic.bytes, traffic.total]).toEqual([3, 3, 0]);
  await pass(250);
  expect(await bytesIn(body)).toBe(4);
  expect(answer.body.return).toHaveBeenCalled();
  expect(traffic).toMatchObject({ bytes: 7, total: 1, seconds: 0.25 });
  expect(traffic.responses).toEqual({ ok: 1, rejected: 0, timed_out: 0, aborted: 0, failed: 0, stalled: 0 });
});

test("HEAD gets the headers alone, gives its place back, and is not counted", async () => {
  const { traffic, ask } = admissionOf();
  const answer = answerOf(new Uint8Array(3));
  const reply = await ask(async () => answer, { method: "HEAD" }).promise;
  expect(reply).toEqual({ status: 200, headers: { "x-name": "value" } });
  expect(answer.body.return).toHaveBeenCalled();
  expect(traffic).toMatchObject({ bytes: 0, total: 0, seconds: 0 });
});

test("requests that find no room even to wait are answered 503 with the reason, and when to come again", async () => {
  const { traffic, ask } = admissionOf();
  const never = vi.fn(() => new Promise(() => {}));
  const all = Array.from({ length: 12 }, () => ask(never));
  expect(await all[11].promise).toEqual(refused("too many"));
  expect(never).toHaveBeenCalledOnce();
  for (const { leave } of all) leave();
  await pass(100);
  expect(resultsOf(traffic)).toEqual({ rejected: 1, aborted: 11 });
  expect(traffic.total).toBe(12);
});

test("a request whose turn does not come in time is answered 503 with that reason, and no work is done for it", async () => {
  const { traffic, ask } = admissionOf();
  const first = ask(() => new Promise(() => {}), { limitMs: 60_000 });
  const answer = vi.fn(async () => answerOf());
  const late = ask(answer);
  await pass(LIMIT_MS - 1);
  expect(late.reply).toBe(undefined);
  await pass(2);
  expect(late.reply).toEqual(refused("the request timed out before its turn came"));
  expect(answer).not.toHaveBeenCalled();
  first.leave();
  await pass(100);
  expect(resultsOf(traffic)).toEqual({ timed_out: 1, aborted: 1 });
});

test("a request that gets no body in time is answered 503 with that reason, and what comes later is released", async () => {
  const { traffic, ask } = admissionOf();
  let give;
  const late = ask(
    () =>
      new Promise((resolve) => {
        give = resolve;
      }),
  );
  await pass(LIMIT_MS - 1);
  expect(late.reply).toBe(undefined);
  await pass(2);
  expect(late.reply).toEqual(refused("there was no snapshot within 1000 ms"));
  const answer = answerOf();
  give(answer);
  await pass(0);
  expect(answer.body.return).toHaveBeenCalled();
  expect(resultsOf(traffic)).toEqual({ timed_out: 1 });
  expect(traffic.seconds).toBe(0);
});

test("an error that comes after the response has ended is reported to nobody", async () => {
  const { traffic, ask } = admissionOf();
  let fail;
  const late = ask(
    () =>
      new Promise((_, reject) => {
        fail = reject;
      }),
  );
  await pass(LIMIT_MS + 1);
  expect(late.reply.status).toBe(503);
  const unhandled = vi.fn();
  process.on("unhandledRejection", unhandled);
  fail(new Error("no memory"));
  await pass(0);
  process.off("unhandledRejection", unhandled);
  expect(unhandled).not.toHaveBeenCalled();
  expect(resultsOf(traffic)).toEqual({ timed_out: 1 });
});

test("a snapshot that its source gives late counts as timed out, whoever noticed", async () => {
  const { traffic, ask } = admissionOf();
  const reply = await ask(async () => {
    throw new LateSnapshotError(500);
  }).promise;
  expect(reply).toEqual(refused("there was no snapshot within 500 ms"));
  expect(resultsOf(traffic)).toEqual({ timed_out: 1 });
});

test("an answer that fails is answered 503 with the reason, and counts as failed", async () => {
  const { traffic, ask } = admissionOf();
  const reply = await ask(async () => {
    throw new Error("no memory");
  }).promise;
  expect(reply).toEqual({ status: 503, headers: COMMON, body: "there is no snapshot: no memory\n" });
  expect(resultsOf(traffic)).toEqual({ failed: 1 });
});

test("a body that fails counts as failed, and one that is returned before its end as aborted", async () => {
  const { traffic, ask } = admissionOf();
  const failing = { headers: {}, body: { return: vi.fn(), next: () => Promise.reject(new Error("no memory")) } };
  const { body } = await ask(async () => failing).promise;
  await expect(body.next()).rejects.toThrow("no memory");
  expect(failing.body.return).toHaveBeenCalled();
  const left = await ask(async () => answerOf(new Uint8Array(3))).promise;
  await left.body.next();
  left.body.return();
  expect(resultsOf(traffic)).toEqual({ failed: 1, aborted: 1 });
  expect(traffic.seconds).toBe(0);
});

test("a client that goes away is counted as aborted, and gives its place to the next", async () => {
  const { traffic, ask } = admissionOf();
  const gone = ask(() => new Promise(() => {}));
  const next = ask(async () => answerOf(new Uint8Array(5)));
  await pass(0);
  expect(next.reply).toBe(undefined);
  gone.leave();
  await pass(0);
  expect(await bytesIn(next.reply.body)).toBe(5);
  await pass(100);
  expect(resultsOf(traffic)).toEqual({ ok: 1, aborted: 1 });
});

test("requests that share work need no place of their own", async () => {
  const { ask } = admissionOf();
  const asked = ["a", "b", "a"].map((sharedWork) => {
    const answer = vi.fn(() => new Promise(() => {}));
    return { answer, ...ask(answer, { sharedWork }) };
  });
  await pass(0);
  expect(asked.map(({ answer }) => answer.mock.calls.length)).toEqual([1, 0, 1]);
  for (const { leave } of asked) leave();
  await pass(100);
});

test("requests of different addresses take turns", async () => {
  const { ask } = admissionOf(2);
  const asked = ["busy", "busy", "busy", "other"].map((address) => {
    const answer = vi.fn(() => new Promise(() => {}));
    return { answer, ...ask(answer, { address }) };
  });
  await pass(0);
  asked[0].leave();
  await pass(0);
  expect(asked.map(({ answer }) => answer.mock.calls.length)).toEqual([1, 1, 0, 1]);
  for (const { leave } of asked) leave();
  await pass(100);
});
