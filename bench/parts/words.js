// The cost per call, in the core alone, of several ways to write a word in shared memory.

import assert from "node:assert/strict";
import { runScript } from "../children.js";
import { compileCore } from "../compile-core.js";
import { inTurn, median, progress } from "../harness.js";
import { duration, timesTable } from "../results.js";
import { BOUNDS_SECONDS } from "../workload.js";

const LEAST_COST_REFUSED_NS = 5;

const NOTES = [
  "One iteration is the core's `startCall` and `endCall` from a JavaScript loop, on one of 16 rows, without registry, guard or clock. The " +
    "loop is included, the same for all.",
  "Each variant is compiled from the core's sources with a few lines replaced, and runs in its own process; rounds alternate between " +
    "processes, each of which reports its median. Only one thread writes to a row.",
  "A sequence lock marks a row before and after `endCall`, `endHandler` and `recordCall` count in it, so that a reader that finds a different " +
    "mark reads again. Marks are atomic adds or, for processors with weakly ordered memory, a store and a fence before and an atomic store after.",
];

const PLAIN_ADD = "store<u64>(address, load<u64>(address) + n);";
const UNOWNED = { "assembly/threads.ts": [["return load<u32>(ownerAddress) == owner;", "return true;"]] };
const ATOMIC_ADD = { "assembly/word.ts": [[PLAIN_ADD, "atomic.add<u64>(address, n);"]] };

const LOCKED = [
  "service.endCall(row, outcome, nearestNs(elapsedNs));",
  "service.recordCall(row, outcome, nearestNs(elapsedNs));",
  "service.endHandler(row, threw, nearestNs(elapsedNs));",
];

/** The lock's word follows the row, where core-words.js leaves room for it. Its offset is not known to the core itself. */
function sequenceLock(before, after, versionOffset) {
  const at = (mark) => mark.replaceAll("version", `row + ${versionOffset}`);
  return { "assembly/index.ts": LOCKED.map((line) => [line, `${at(before)}\n  ${line}\n  ${at(after)}`]) };
}

const ADD_MARK = "atomic.add<u32>(version, 1);";
const FENCED_MARK = "store<u32>(version, load<u32>(version) + 1); memory.grow(0);";
const STORED_MARK = "atomic.store<u32>(version, load<u32>(version) + 1);";

/** The compiler's optimiser drops fences but keeps `memory.grow(0)`, which a fence and two no-ops can replace. */
const GROWTH = Buffer.from([0x41, 0x00, 0x40, 0x00, 0x1a]); // i32.const 0, memory.grow, drop
const FENCE = Buffer.from([0xfe, 0x03, 0x00, 0x01, 0x01]); // atomic.fence, nop, nop

function fencesForGrowths(wasm, count) {
  const fenced = Buffer.from(wasm);
  let found = 0;
  for (let at = fenced.indexOf(GROWTH); at !== -1; at = fenced.indexOf(GROWTH, at)) {
    FENCE.copy(fenced, at);
    found++;
  }
  assert.equal(found, count, "fences");
  return fenced;
}

export default async function words({ quick }) {
  progress("words: compiling");
  const contenders = (await variants()).map((variant) => ({ ...variant, ns: [] }));
  const loop = { name: "the loop alone", ns: [] };
  const rounds = quick ? 5 : 15;
  for (let round = 0; round < rounds; round++) {
    progress(`words: round ${round + 1} of ${rounds}`);
    for (const { name, wasm, ns } of inTurn(contenders, round)) {
      const work = JSON.stringify({ name, wasm: Buffer.from(wasm).toString("base64"), rounds: quick ? 21 : 41 });
      const found = await runScript("children/core-words.js", [work]);
      ns.push(found.ns);
      if (ns === contenders[0].ns) loop.ns.push(found.loopNs);
    }
  }
  const [current, , added, fenced] = contenders;
  return {
    title: "Words in shared memory",
    notes: [...NOTES, decision(current, added, fenced)],
    tables: [timesTable("A call in the core alone", [...contenders, loop], current)],
    goals: [],
  };
}

async function variants() {
  const plain = await compileCore("assembly/index.ts", "release");
  const shared = (edits) => compileCore("assembly/threads.ts", "threads", edits);
  const versionOffset = new WebAssembly.Instance(new WebAssembly.Module(plain)).exports.rowBytes(BOUNDS_SECONDS.length);
  const found = [
    { name: "current: load and store by the only writer", wasm: await shared({}) },
    { name: "atomic adds", wasm: await shared(ATOMIC_ADD) },
    {
      name: "sequence lock, marks by atomic add",
      wasm: await shared(sequenceLock(ADD_MARK, ADD_MARK, versionOffset)),
    },
    {
      name: "sequence lock, marks by store, fence, atomic store",
      wasm: fencesForGrowths(await shared(sequenceLock(FENCED_MARK, STORED_MARK, versionOffset)), LOCKED.length),
    },
    { name: "current, without checking the slab's owner", wasm: await shared(UNOWNED) },
    { name: "plain core, unshared memory", wasm: plain },
  ];
  const different = new Set(found.map(({ wasm }) => Buffer.from(wasm).toString("base64")));
  assert.equal(different.size, found.length, "two variants compile to the same bytes");
  return found;
}

function decision(current, ...locks) {
  const costs = locks.map(({ ns }) => median(ns.map((lockNs, round) => lockNs - current.ns[round])));
  const isCheap = Math.min(...costs) < LEAST_COST_REFUSED_NS;
  return (
    `Decision: a sequence lock would be adopted if it cost less than ${LEAST_COST_REFUSED_NS} ns per call. It costs ` +
    `${costs.map(duration).join(" with atomic adds, ")} with fence and store, so it ${isCheap ? "should be adopted" : "is not adopted"}. ` +
    "Without it, readers have these guarantees: the count and the +Inf bucket of each row equal the sum of its buckets, from which they are " +
    "derived; no word of a counter ever decreases; when nothing is being written, all totals are exact. A reader may see a call that is " +
    "counted before its latency."
  );
}
