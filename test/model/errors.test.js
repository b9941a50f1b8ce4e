// How messages show what they were given.

import { runInNewContext } from "node:vm";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { describe, expect, test } from "vitest";
import { printable, reasonOf, show } from "../../src/model/errors.ts";

/** One of each kind: C0, DEL, C1, bidirectional controls, separators, characters without width, tags. */
const UNPRINTABLE = [
  0x00, 0x0a, 0x0d, 0x1b, 0x7f, 0x80, 0x85, 0x9b, 0x9f, 0xad, 0x61c, 0x200b, 0x200e, 0x200f, 0x2028,
].concat([0x2029, 0x202a, 0x202e, 0x2060, 0x2066, 0x2069, 0xfeff, 0xfff9, 0xe0001, 0xe0041]);
const hostile = String.fromCodePoint(...UNPRINTABLE);
const PRINTABLE = /^[\x20-\x7e…]*$/;

function revokedProxy() {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

describe("the reason of what was thrown", () => {
  const thrower = () => {
    throw new Error("not for you");
  };

  test.each([
    ["an error", new Error("collector is down")],
    ["an error of another kind", new RangeError("collector is down")],
    ["an error of another realm", runInNewContext('new Error("collector is down")')],
    ["an error whose prototype is lost", Object.setPrototypeOf(new Error("collector is down"), null)],
    ["a DOMException", new DOMException("collector is down", "AbortError")],
    ["an object with a message", { message: "collector is down" }],
    ["a function with a message", Object.assign(() => {}, { message: "collector is down" })],
    ["a proxy of an error", new Proxy(new Error("collector is down"), {})],
  ])("is the message of %s", (_, thrown) => {
    expect(reasonOf(thrown)).toBe("collector is down");
  });

  test("is a message of any length, with all unprintable characters escaped, whatever the realm", () => {
    const escaped = reasonOf(new Error(hostile));
    expect(escaped).toMatch(PRINTABLE);
    expect(reasonOf(runInNewContext("new Error(text)", { text: hostile }))).toBe(escaped);
    expect(reasonOf({ message: hostile })).toBe(escaped);
    expect(reasonOf({ message: "x".repeat(1000) })).toBe("x".repeat(1000));
  });

  test.each([
    ["null", null, "null"],
    ["undefined", undefined, "undefined"],
    ["a string", "down", '"down"'],
    ["a number", 7, "7"],
    ["a symbol", Symbol("down"), '"Symbol(down)"'],
    ["an object without a message", {}, "[object]"],
    ["an object without a prototype", Object.create(null), "[object]"],
    [
      "an error whose message is an object",
      Object.assign(new Error("x"), { message: { toString: thrower } }),
      "[object]",
    ],
    ["an object whose message can be called like a string", { message: { replace: () => "\n" } }, "[object]"],
    ["an error whose message is a number", Object.assign(new Error("x"), { message: 7 }), "[object]"],
    ["a getter that throws", Object.defineProperty(new Error("x"), "message", { get: thrower }), "[object]"],
    ["a proxy that throws", new Proxy(new Error("x"), { get: thrower, getPrototypeOf: thrower }), "[object]"],
    ["a revoked proxy", revokedProxy(), "[object]"],
  ])("is what was thrown, if that is %s", (_, thrown, shown) => {
    expect(reasonOf(thrown)).toBe(shown);
  });

  test("is what was thrown, if that is a string with a message of its prototype", () => {
    const { prototype } = String;
    prototype.message = "of all strings";
    try {
      expect(reasonOf("down")).toBe('"down"');
    } finally {
      delete prototype.message;
    }
  });
});

test.each([
  ["x".repeat(64), `"${"x".repeat(64)}"`],
  ["x".repeat(65), `"${"x".repeat(64)}…"`],
])("a value of more than 64 characters is cut", (value, shown) => {
  expect(show(value)).toBe(shown);
});

describe("unprintable characters", () => {
  test.each(UNPRINTABLE)("code point %i is shown as an escape", (codePoint) => {
    const character = String.fromCodePoint(codePoint);
    for (const text of [show(`a${character}b`), printable(`a${character}b`), reasonOf(new Error(`a${character}b`))]) {
      expect(text).toMatch(PRINTABLE);
      expect(text).toMatch(/a\\[\\u\w]+b/);
    }
    expect(JSON.parse(show(`a${character}b`))).toBe(`a${character}b`);
  });

  test.each(["echo", "é 日本 😀", 'say "hi"', "a\\b"])("%s is shown as it is, within quotes", (text) => {
    expect(show(text)).toBe(JSON.stringify(text));
    expect(printable(text)).toBe(text);
  });

  test("no message of a registry contains them as they are", () => {
    const registry = new RpcMetricsRegistry();
    const echo = registry.forService("echo");
    const refused = [
      () => new RpcMetricsRegistry({ [hostile]: 1 }),
      () => new RpcMetricsRegistry({ clock: hostile }),
      () => new RpcMetricsRegistry({ buckets: [hostile] }),
      () => new RpcMetricsRegistry({ services: [hostile], maxServiceNameBytes: 1 }),
      () => new RpcMetricsRegistry({ maxServices: Symbol(hostile) }),
      () => echo.add(hostile, 1),
      () => echo.add("callsTotal", hostile),
      () => echo.recordLatency(hostile),
      () => echo.recordCall(hostile, 1),
      () => registry.snapshot().openMetricsText({ created: hostile }),
    ];
    const messages = refused.map((call) => {
      try {
        call();
        return "accepted\n";
      } catch (error) {
        return error.message;
      }
    });
    for (const message of messages) expect(message).toMatch(PRINTABLE);
  });
});
