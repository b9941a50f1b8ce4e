// Cloudflare Workers, where a request that waits for another one hangs: what is done at once there, and how a body is
// cut off. test/runtime runs in workerd; here, the user agent is all that the library knows it by.

import { afterEach, beforeEach, expect, test, vi } from "vitest";

let fetchHandler;
let Places;
let Delivery;
let Rounds;
let paced;

beforeEach(async () => {
  vi.stubGlobal("navigator", { userAgent: "Cloudflare-Workers" });
  vi.resetModules(); // read on import
  ({ fetchHandler } = await import("../../src/server/adapters.ts"));
  ({ Places } = await import("../../src/server/places.ts"));
  ({ Delivery } = await import("../../src/server/delivery.ts"));
  ({ Rounds } = await import("../../src/server/rounds.ts"));
  ({ paced } = await import("../../src/server/pace.ts"));
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

/** The response for a body that gives a chunk, and then whatever `next` gives. */
async function responseOf(next) {
  const body = {
    asked: 0,
    return() {},
    next: async () => (body.asked++ === 0 ? { done: false, value: new TextEncoder().encode("one\n") } : next()),
  };
  const handler = fetchHandler(async () => ({ status: 200, headers: {}, body }));
  return { body, response: await handler(new Request("http://localhost/")) };
}

test("a body that fails ends with a line that is valid in no format, because workerd would pass it off as whole", async () => {
  const { response } = await responseOf(() => Promise.reject(new Error("no memory")));
  expect(await response.text()).toBe("one\n\n! the response was cut off\n");
});

test("so does a body that is cut off, once", async () => {
  const { body, response } = await responseOf(() => new Promise(() => {}));
  const reader = response.body.getReader();
  await reader.read();
  body.cut();
  body.cut();
  const { value } = await reader.read();
  expect(new TextDecoder().decode(value)).toBe("\n! the response was cut off\n");
  expect((await reader.read()).done).toBe(true);
});

test("a body that is cut off after its end stays whole", async () => {
  const { body, response } = await responseOf(async () => ({ done: true, value: undefined }));
  expect(await response.text()).toBe("one\n");
  body.cut();
});

test("a request that finds no place is rejected at once", async () => {
  const places = new Places(1);
  const ask = () => {
    const delivery = new Delivery(60_000, { sent() {}, ended: (ended) => places.leave(ended) });
    expect(places.take(delivery)).toBe(undefined);
    return delivery;
  };
  const [first, second] = [ask(), ask()];
  expect([first.result, second.result]).toEqual([undefined, "rejected"]);
  first.end("ok");
  const third = ask();
  expect(third.hasEnded).toBe(false);
  third.end("ok");
});

test("each request has a snapshot to itself, at once", async () => {
  let taken = 0;
  const rounds = new Rounds(() => ({ number: ++taken }));
  const waiter = { hasEnded: false };
  const [one, other] = await Promise.all([rounds.join(waiter), rounds.join(waiter)]);
  expect([one.snapshot.number, other.snapshot.number]).toEqual([1, 2]);
  expect(one.bodies).not.toBe(other.bodies);
});

test("work does not wait for the next turn", async () => {
  const order = [];
  const turn = new Promise((resolve) => setImmediate(resolve)).then(() => order.push("turn"));
  for (let i = 0; i < 3; i++) await paced(() => order.push(i), Number.NEGATIVE_INFINITY);
  await turn;
  expect(order).toEqual([0, 1, 2, "turn"]);
});
