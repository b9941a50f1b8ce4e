// Times a call in one compiled core in its own process, without registry, guard or clock.

import assert from "node:assert/strict";
import { compare, effort, median } from "../harness.js";
import { BOUNDS_SECONDS, makeCalls } from "../workload.js";

const { name, wasm, rounds } = JSON.parse(process.argv[2]);
const work = makeCalls();

const module = new WebAssembly.Module(Buffer.from(wasm, "base64"));
const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
/** Address of the owner word, and its value there, 0: so the instance owns its slab. */
const slab = { ownerAddress: 65_528, owner: 0 };
const core = new WebAssembly.Instance(module, { env: { memory }, slab }).exports;
const { buffer } = core.memory ?? memory;

const thresholdsNs = [...BOUNDS_SECONDS.map((seconds) => BigInt(Math.round(seconds * 1e9))), 2n ** 64n - 1n];
new BigUint64Array(buffer, core.thresholds.value, thresholdsNs.length).set(thresholdsNs);

/** In all variants, a row is followed by one spare word, which holds the version in the variants with a lock. */
const rowBytes = core.rowBytes(BOUNDS_SECONDS.length) + BigUint64Array.BYTES_PER_ELEMENT;
const rows = work.names.map((_, i) => 1024 + i * rowBytes);

function calls({ startCall, endCall }, { service, outcome, elapsedNs, mask }, iterations) {
  for (let i = 0; i < iterations; i++) {
    const at = i & mask;
    const row = rows[service[at]];
    startCall(row);
    endCall(row, outcome[at], elapsedNs[at]);
  }
}

function loopAlone({ service, outcome, elapsedNs, mask }, iterations) {
  let sum = 0;
  for (let i = 0; i < iterations; i++) {
    const at = i & mask;
    sum += rows[service[at]] + outcome[at] + elapsedNs[at];
  }
  return sum;
}

calls(core, work, work.service.length);
for (const [index, row] of rows.entries()) assert.deepEqual(counted(row), expected(index), work.names[index]);
const contenders = [
  { name, run: (n) => calls(core, work, n) },
  { name: "the loop alone", run: (n) => loopAlone(work, n) },
];
const [entry, loop] = await compare(name, contenders, { ...effort({ quick: true }), rounds });
const total = rows.reduce((sum, row) => sum + counted(row).callsTotal, 0);
assert.equal(total, entry.done + work.service.length, "calls counted");
process.stdout.write(JSON.stringify({ ns: median(entry.ns), loopNs: median(loop.ns) }));

/** A row's values, read at the offsets that the core exports. */
function counted(row) {
  const word = (offset) => Number(new BigInt64Array(buffer, row + offset, 1)[0]);
  const fields = Array.from({ length: 6 }, (_, i) => word(core.fields.value + 8 * i));
  const buckets = thresholdsNs.map((_, i) => word(core.latency.value + (i + 1) * core.bucketStride.value));
  const [inFlight, callsTotal, ...errors] = fields;
  return { inFlight, callsTotal, errors, sumNs: word(core.latency.value), buckets };
}

/** The values that one pass over the calls must produce, computed naively. */
function expected(index) {
  const own = Array.from(work.service.keys()).filter((i) => work.service[i] === index);
  const bucketOf = (i) => thresholdsNs.findIndex((threshold) => BigInt(work.elapsedNs[i]) <= threshold);
  return {
    inFlight: 0,
    callsTotal: own.length,
    errors: [1, 2, 3, 4].map((kind) => own.filter((i) => work.outcome[i] === kind).length),
    sumNs: own.reduce((sum, i) => sum + work.elapsedNs[i], 0),
    buckets: thresholdsNs.map((_, bucket) => own.filter((i) => bucketOf(i) === bucket).length),
  };
}
