// How rows are read and compared, in rows made by hand.

import { expect, test } from "vitest";
import { bucketDeltas, fieldDelta } from "../../src/model/delta.ts";
import { FIELD_NAMES, isHistogram } from "../../src/model/fields.ts";
import { hasRecorded, recordedIndices, rowCount, rowNumber } from "../../src/model/reader.ts";

const WORDS = FIELD_NAMES.length + 2 * 4; // two histograms, each of a sum and three buckets
const layout = {
  ...Object.fromEntries(FIELD_NAMES.map((name, i) => [name, i * 8])),
  latency: FIELD_NAMES.length * 8,
  handlerDuration: (FIELD_NAMES.length + 4) * 8,
  bucketStride: 8,
  rowBytes: WORDS * 8,
  bounds: [1, 2],
};
const ROW = 2 * WORDS; // of the second row, in halves of words
const BUCKET = layout.latency / 8 + 1;

/** Two rows, the second of which holds the given words. */
function rowsOf(words) {
  const all = new BigUint64Array(2 * WORDS);
  for (const [index, value] of Object.entries(words)) all[WORDS + Number(index)] = value;
  return { words: new Uint32Array(all.buffer), layout };
}

const isRecorded = ({ words }, row, name) => hasRecorded(words, row, recordedIndices(layout, name));

/** Index of a field's word in its row. */
const CALLS = layout.callsTotal / 8;

test.each([
  [0n, 0n, 0],
  [5n, 12n, 7],
  [12n, 5n, 0],
  [2n ** 32n - 1n, 2n ** 32n, 1],
  [3n, 5n * 2n ** 32n + 1n, 5 * 2 ** 32 - 2],
  [2n * 2n ** 32n + 9n, 5n * 2n ** 32n + 1n, 3 * 2 ** 32 - 8],
  [2n ** 64n - 1n, 3n, 0],
])("a counter that went from %d to %d has grown by %d", (earlier, later, delta) => {
  expect(fieldDelta(rowsOf({ [CALLS]: later }), rowsOf({ [CALLS]: earlier }), ROW, "callsTotal")).toBe(delta);
});

test("what is not in the earlier copy began at 0", () => {
  const later = rowsOf({ [CALLS]: 7n + 2n ** 32n, [BUCKET]: 3n });
  const earlier = { words: later.words.slice(0, ROW), layout };
  expect(fieldDelta(later, earlier, ROW, "callsTotal")).toBe(2 ** 32 + 7);
  expect(bucketDeltas(later, earlier, ROW, "latency")).toEqual([3, 0, 0]);
});

test("observations between two copies are counted by bucket, for each histogram", () => {
  const earlier = rowsOf({ [BUCKET]: 1n, [BUCKET + 2]: 2n, [BUCKET + 4]: 5n });
  const later = rowsOf({ [BUCKET]: 4n, [BUCKET + 1]: 1n, [BUCKET + 2]: 2n, [BUCKET + 4]: 9n, [BUCKET + 6]: 6n });
  expect(bucketDeltas(later, earlier, ROW, "latency")).toEqual([3, 1, 0]);
  expect(bucketDeltas(later, earlier, ROW, "handlerDuration")).toEqual([4, 0, 6]);
});

test("a copy has as many rows as fit in it, which are numbered from 0", () => {
  const { words } = rowsOf({});
  expect([0, ROW - 1, ROW, ROW + 1, 2 * ROW].map((end) => rowCount({ words: words.slice(0, end), layout }))).toEqual([
    0, 0, 1, 1, 2,
  ]);
  expect([0, 1, 7].map((number) => rowNumber({ row: number * layout.rowBytes }, layout))).toEqual([0, 1, 7]);
});

test("a field is recorded if either half of its word is not 0", () => {
  for (const value of [1n, 2n ** 32n, 2n ** 64n - 1n]) {
    const rows = rowsOf({ [CALLS]: value });
    expect(FIELD_NAMES.filter((name) => isRecorded(rows, ROW, name))).toEqual(["callsTotal"]);
  }
});

test("a histogram is recorded if any of its buckets is, even with a sum of 0", () => {
  for (let bucket = 0; bucket < 3; bucket++) {
    const rows = rowsOf({ [BUCKET + bucket]: 1n });
    expect(isRecorded(rows, ROW, "latency")).toBe(true);
    expect(isRecorded(rows, ROW, "handlerDuration")).toBe(false);
    expect(FIELD_NAMES.filter((name) => isRecorded(rows, ROW, name))).toEqual([]);
  }
  expect(isRecorded(rowsOf({ [BUCKET + 3]: 1n }), ROW, "latency")).toBe(false);
});

test("the histograms are latency and handlerDuration", () => {
  expect(["latency", "handlerDuration", ...FIELD_NAMES].filter(isHistogram)).toEqual(["latency", "handlerDuration"]);
});
