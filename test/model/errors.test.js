// How messages show what they were given.

import { RpcMetricsRegistry } from "nrpc-metrics";
import { describe, expect, test } from "vitest";
import { printable, reasonOf, show } from "../../src/model/errors.ts";

/** One of each kind: C0, DEL, C1, bidirectional controls, separators, characters without width, tags. */
const UNPRINTABLE = [
  0x00, 0x0a, 0x0d, 0x1b, 0x7f, 0x80, 0x85, 0x9b, 0x9f, 0xad, 0x61c, 0x200b, 0x200e, 0x200f, 0x2028,
].concat([0x2029, 0x202a, 0x202e, 0x2060, 0x2066, 0x2069, 0xfeff, 0xfff9, 0xe0001, 0xe0041]);
const hostile = String.fromCodePoint(...UNPRINTABLE);
const PRINTABLE = /^[\x20-\x7e…]*$/;

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
