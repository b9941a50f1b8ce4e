// The writer: what it writes is complete whatever the capacity it was given, and it keeps nothing of it.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, expect, test, vi } from "vitest";
import { NUMBER_BYTES, piece, TextWriter, writeText } from "../../src/exposition/writer.ts";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc");

afterEach(() => vi.unstubAllGlobals());

const textOf = (bytes) => Buffer.from(bytes).toString();

/** Makes `Uint8Array` count how often it is constructed with a length; returns these lengths. */
function spyOnBuffers() {
  const lengths = [];
  const counting = new Proxy(Uint8Array, {
    construct(target, args, newTarget) {
      if (typeof args[0] === "number") lengths.push(args[0]);
      return Reflect.construct(target, args, newTarget);
    },
  });
  vi.stubGlobal("Uint8Array", counting);
  return lengths;
}

const WORDS = [
  0n,
  1n,
  9n,
  10n,
  11n,
  99n,
  100n,
  101n,
  999_999_999n,
  1_000_000_000n,
  1_999_999_999n,
  2_000_000_000n,
].concat(
  [31n, 32n, 33n, 52n, 53n, 54n, 63n, 64n].flatMap((bits) => [-2n, -1n, 0n, 1n, 2n].map((off) => 2n ** bits + off)),
);

test.each(WORDS.filter((word) => word < 2n ** 64n))(
  "the word %s is written exactly, with exactly the room for a number",
  (word) => {
    const written = writeText(0, (out) => {
      out.reserve(NUMBER_BYTES);
      out.uint(Number(word >> 32n), Number(word & 0xffff_ffffn));
      out.reserve(NUMBER_BYTES);
      out.uint(0, 7);
    });
    expect(textOf(written)).toBe(`${word}\n7\n`);
  },
);

test("every power of ten, and what is next to it, is written exactly", () => {
  for (let power = 1n; power < 2n ** 64n; power *= 10n) {
    for (const word of [power - 1n, power, power + 1n]) {
      const written = writeText(NUMBER_BYTES, (out) => out.uint(Number(word >> 32n), Number(word & 0xffff_ffffn)));
      expect(textOf(written)).toBe(`${word}\n`);
    }
  }
});

test("the room for a number holds the longest one, and the longest sum", () => {
  expect(NUMBER_BYTES).toBeGreaterThanOrEqual(`${2n ** 64n - 1n}\n`.length);
  expect(NUMBER_BYTES).toBeGreaterThanOrEqual(`${0.1 + 0.2}\n`.length); // the most digits that a double has
});

/** Text of `length` characters, no two neighbours alike. */
const lettersOf = (length) => Array.from({ length }, (_, i) => String.fromCharCode(97 + (i % 26))).join("");

test("pieces of every length are copied whole, and nothing else of their buffers, with exactly their room", () => {
  for (let length = 0; length <= 40; length++) {
    const text = lettersOf(length);
    const written = writeText(1, (out) => {
      out.text("<");
      out.reserve(length);
      out.copyAscii(piece(text));
      out.text(">");
    });
    expect(textOf(written)).toBe(`<${text}>`);
  }
});

test("a part of a piece is copied between two others, for every start, end and length of these", () => {
  const names = piece("é€😀abcdefghijklmnopqrstuvwxyz");
  const bytes = Buffer.from("é€😀abcdefghijklmnopqrstuvwxyz");
  for (let start = 0; start < 12; start++) {
    for (let end = start; end <= bytes.length; end++) {
      const [before, after] = [lettersOf((start * 7 + end) % 19), lettersOf((start + end * 5) % 17)];
      const written = writeText(1, (out) => {
        out.reserve(before.length + end - start + after.length);
        out.copyAround(piece(before), names, start, end, piece(after));
      });
      expect(Buffer.from(written)).toEqual(
        Buffer.concat([Buffer.from(before), bytes.subarray(start, end), Buffer.from(after)]),
      );
    }
  }
});

test.each(["a", "é", "€", "😀", "\ud83d", "a\u0000\r\n€", ""])(
  "the text %j is written whole from a capacity of 0 on",
  (unit) => {
    for (const times of [0, 1, 2, 3, 7, 8, 9, 1000]) {
      const text = unit.repeat(times);
      expect(textOf(writeText(0, (out) => out.text(text)))).toBe(text.toWellFormed());
      expect(textOf(writeText(text.length, (out) => [out.text("€"), out.text(text)]))).toBe(`€${text.toWellFormed()}`);
    }
  },
);

test("what was written stays when the buffer grows, and a text begins empty after one that was longer", () => {
  const expected = Array.from({ length: 2000 }, (_, i) => `${i}\n`).join("");
  for (const text of [expected, "short", expected]) expect(textOf(writeText(3, (out) => out.text(text)))).toBe(text);
  const piecewise = writeText(0, (out) => {
    for (let i = 0; i < 2000; i++) {
      out.reserve(NUMBER_BYTES);
      out.uint(0, i);
    }
  });
  expect(textOf(piecewise)).toBe(expected);
});

test("a text that turns out larger than expected grows in few steps", () => {
  const lengths = spyOnBuffers();
  writeText(0, (out) => {
    for (let i = 0; i < 100_000; i++) {
      out.reserve(10);
      out.ascii("123456789\n");
    }
  });
  expect(lengths.length).toBeGreaterThan(5);
  expect(lengths.length).toBeLessThan(25);
});

test("a text of the expected size is written into one buffer", () => {
  const lengths = spyOnBuffers();
  writeText(1000, (out) => {
    for (let i = 0; i < 100; i++) {
      out.reserve(10);
      out.ascii("123456789\n");
    }
  });
  expect(lengths.filter((length) => length > 100)).toEqual([expect.closeTo(1000, -2)]);
});

/** Whether what `made` returns is collected once nobody holds it. */
async function isCollected(made) {
  const reference = new WeakRef(made());
  for (let i = 0; i < 20 && reference.deref() !== undefined; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5)); // a WeakRef holds its target until the end of the turn
    gc();
  }
  return reference.deref() === undefined;
}

test("a text that was dropped is collected, although the writer lives on", async () => {
  expect(await isCollected(() => writeText(1e6, (out) => out.text("a")).buffer)).toBe(true);
  expect(await isCollected(() => writeText(0, (out) => out.text("a".repeat(1e6))).buffer)).toBe(true);
  const writer = new TextWriter();
  const own = () => {
    writer.begin(1e6);
    writer.text("a");
    return writer.finish().buffer;
  };
  expect(await isCollected(own)).toBe(true);
  writer.begin(0);
  writer.text("still usable");
  expect(textOf(writer.finish())).toBe("still usable");
});

test("a text that is kept is not collected, and no later one changes it", async () => {
  const kept = writeText(100, (out) => out.text("kept"));
  expect(await isCollected(() => kept.buffer)).toBe(false);
  writeText(100, (out) => out.text("other"));
  expect(textOf(kept)).toBe("kept");
});

test("a text whose writing throws leaves the writer usable", () => {
  const failing = () =>
    writeText(10, (out) => {
      out.text("half");
      throw new Error("no more");
    });
  expect(failing).toThrow("no more");
  expect(textOf(writeText(0, (out) => out.text("whole")))).toBe("whole");
});
