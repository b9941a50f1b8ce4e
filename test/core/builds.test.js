// The compiled cores: properties of their layout and build that sharing one memory among threads depends on.

import { readFileSync } from "node:fs";
import asc from "assemblyscript/asc";
import * as library from "nrpc-metrics";
import { beforeAll, describe, expect, test } from "vitest";
import { replayAll } from "../conformance/replay.js";
import { vectors } from "../conformance/vectors.js";

const root = new URL("../..", import.meta.url);
const plain = readFileSync(new URL("dist/core.wasm", root));
const threads = readFileSync(new URL("build/threads.wasm", root));
/** Imports of an instance that owns its slab while the word at `ownerAddress` is 7. */
const importsOn = (memory, ownerAddress = 4096) => ({ env: { memory }, slab: { ownerAddress, owner: 7 } });
const sharedMemory = () => new WebAssembly.Memory({ initial: 1, maximum: 16, shared: true });

/** Runs the compiler; returns a map of what it writes, by file name. */
async function compile(...options) {
  const files = new Map();
  const { error, stderr } = await asc.main(options, {
    readFile: (name) => {
      try {
        return readFileSync(new URL(name, root), "utf8");
      } catch {
        return null;
      }
    },
    writeFile: (name, contents) => {
      files.set(name, contents);
    },
    listFiles: () => [],
  });
  if (error) throw new Error(stderr.toString());
  return files;
}

/** The ids of a module's sections: 8 is the start section, 11 the data section. */
function sectionIds(wasm) {
  const ids = [];
  for (let at = 8; at < wasm.length; ) {
    ids.push(wasm[at++]);
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = wasm[at++];
      size |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    at += size;
  }
  return ids;
}

describe.each([
  { name: "plain", wasm: plain, imports: [], memory: undefined },
  {
    name: "for threads",
    wasm: threads,
    imports: [
      { kind: "global", module: "slab", name: "ownerAddress" },
      { kind: "global", module: "slab", name: "owner" },
      { kind: "memory", module: "env", name: "memory" },
    ],
    memory: sharedMemory(),
  },
])("the released core, $name", ({ wasm, imports, memory }) => {
  test("the core for threads imports its memory and its place in it, the plain core nothing", () => {
    expect(WebAssembly.Module.imports(new WebAssembly.Module(wasm))).toMatchObject(imports);
    expect(WebAssembly.Module.imports(new WebAssembly.Module(wasm))).toHaveLength(imports.length);
  });

  test("instantiating the core writes nothing to memory, and its constants can't be changed", () => {
    expect(sectionIds(wasm)).not.toContain(11);
    expect(sectionIds(wasm)).not.toContain(8);
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm), importsOn(memory));
    const { buffer } = memory ?? exports.memory;
    expect(new Uint8Array(buffer).every((byte) => byte === 0)).toBe(true);
    for (const constant of Object.values(exports).filter((value) => value instanceof WebAssembly.Global)) {
      expect(() => {
        constant.value = 0;
      }).toThrow(TypeError);
    }
  });
});

test("both cores have the same layout, and the core for threads has all functions of the plain one", () => {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(plain));
  const shared = new WebAssembly.Instance(new WebAssembly.Module(threads), importsOn(sharedMemory())).exports;
  for (const [name, value] of Object.entries(exports)) {
    if (name === "memory") continue;
    if (value instanceof WebAssembly.Global) expect(shared[name].value, name).toBe(value.value);
    else expect(shared[name], name).toBeTypeOf("function");
  }
  expect(shared.rowBytes(11)).toBe(exports.rowBytes(11));
});

test("the core for threads loads the rows of other threads atomically", async () => {
  const files = await compile("assembly/threads.ts", "--target", "threads", "--textFile", "build/threads.wat");
  const text = files.get("build/threads.wat");
  const [addRows] = text.match(/\(func \$assembly\/slab\/addRows [\s\S]*?\n \)/);
  const count = (instruction) => addRows.match(new RegExp(`i64\\.${instruction}\\b`, "g")).length;
  expect(count("atomic\\.load")).toBeGreaterThan(0);
  expect(count("load")).toBe(count("store")); // of the sums, which only this thread writes
  expect(count("atomic\\.load")).toBe(count("store"));
  expect(text).not.toMatch(/\(data|\(global .*\(mut/);
});

describe("instances of the core on one memory", () => {
  /** Two instances, each with an owner word and a row; `word` reads the sum of both rows at an offset. */
  function twoInstances() {
    const memory = sharedMemory();
    const places = [
      { ownerAddress: 4096, row: 1024 },
      { ownerAddress: 4104, row: 2048 },
    ];
    const cores = places.map(({ ownerAddress }) => {
      new Uint32Array(memory.buffer, ownerAddress, 1)[0] = 7;
      return new WebAssembly.Instance(new WebAssembly.Module(threads), importsOn(memory, ownerAddress)).exports;
    });
    const [core] = cores;
    new BigUint64Array(memory.buffer, core.thresholds.value, 2).set([5n, 2n ** 64n - 1n]);
    const sums = 8192;
    const word = (offset) => new BigUint64Array(memory.buffer, sums + offset, 1)[0];
    return { memory, places, cores, core, sums, word };
  }

  test("instances on one memory count in separate rows, and addRows adds them up, gauges only if told to", () => {
    const { places, cores, core, sums, word } = twoInstances();
    cores.forEach((instance, i) => {
      instance.startCall(places[i].row);
      instance.startCall(places[i].row);
      instance.endCall(places[i].row, 2, 7 + i);
    });
    core.addRows(sums, places[0].row, 1, 1, true);
    core.addRows(sums, places[1].row, 1, 1, false);
    const { fields, latency, bucketStride } = core;
    const [inFlight, callsTotal, errorsTimeout] = [0, 8, 24].map((offset) => word(fields.value + offset));
    expect({ inFlight, callsTotal, errorsTimeout }).toEqual({ inFlight: 1n, callsTotal: 2n, errorsTimeout: 2n });
    expect(word(latency.value)).toBe(15n);
    expect(word(latency.value + bucketStride.value)).toBe(0n);
    expect(word(latency.value + 2 * bucketStride.value)).toBe(2n);
  });

  test("an instance counts nothing once another one owns its slab", () => {
    const { memory, places, core } = twoInstances();
    const [{ row, ownerAddress }] = places;
    const counts = {
      startCall: [row],
      endCall: [row, 2, 7],
      recordCall: [row, 2, 7],
      startHandler: [row],
      endHandler: [row, 1, 7],
      recordHandler: [row, 1],
      observe: [row + core.latency.value, 7],
      add: [row, 7],
      addExact: [row, 7n],
    };
    const rowBytes = () => new Uint8Array(memory.buffer, row, core.rowBytes(1)).slice();
    for (const [name, args] of Object.entries(counts)) {
      const before = rowBytes();
      core[name](...args);
      expect(rowBytes(), name).not.toEqual(before);
    }
    new Uint32Array(memory.buffer, ownerAddress, 1)[0] = 9;
    const before = rowBytes();
    for (const [name, args] of Object.entries(counts)) core[name](...args);
    expect(rowBytes()).toEqual(before);
    // No function that counts was left out above.
    const functions = Object.keys(core).filter((name) => typeof core[name] === "function");
    expect(functions.sort()).toEqual([...Object.keys(counts), "addRows", "rowBytes"].sort());
  });
});

describe("the debug build of the core", () => {
  let module;
  beforeAll(async () => {
    const files = await compile("assembly/index.ts", "--target", "debug");
    module = new WebAssembly.Module(files.get("build/core.debug.wasm"));
  });

  test("the debug build of the core replays all vectors as the reference does", async () => {
    class RpcMetricsRegistry extends library.RpcMetricsRegistry {
      constructor(options) {
        super({ ...options, module });
      }
    }
    expect(await replayAll({ ...library, RpcMetricsRegistry }, vectors)).toEqual({ replayed: 16, differences: [] });
  });
});
