// The core's rows are those that the library expects.

import { expect, test } from "vitest";
import { embeddedModule } from "../../src/core/embedded.ts";
import { rowLayout } from "../../src/core/layout.ts";
import { FIELD_NAMES } from "../../src/model/fields.ts";

const { exports } = new WebAssembly.Instance(embeddedModule());

test("the core's rows have exactly the counters and gauges that the library names", () => {
  expect(exports.latency.value - exports.fields.value).toBe(8 * FIELD_NAMES.length);
  expect(rowLayout(exports, [1, 2])).toMatchObject({ inFlight: 0, callsTotal: 8, latency: exports.latency.value });
});

test("a core whose rows have other counters and gauges is refused, with both numbers", () => {
  const other = { ...exports, latency: { value: exports.latency.value + 8 } };
  expect(() => rowLayout(other, [1, 2])).toThrow(
    `the core has ${FIELD_NAMES.length + 1} counters and gauges per service, and this library ${FIELD_NAMES.length}`,
  );
});
