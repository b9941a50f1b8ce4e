// The compiled cores: what layout and build must keep, so that threads can share one's memory.

import { readFileSync } from "node:fs";
import asc from "assemblyscript/asc";
import * as library from "nrpc-metrics";
import { beforeAll, describe, expect, test } from "vitest";
import { replayAll } from "../conformance/replay.js";
import { vectors } from "../conformance/vectors.js";

const root = new URL("../..", import.meta.url);
const plain = readFileSync(new URL("dist/core.wasm", root));
const threads = readFileSync(new URL("build/threads.wasm", root));
const sharedMemory = () => new WebAssembly.Memory({ initial: 1, maximum: 16, shared: true });

/** Runs the compiler; gives what it writes, by file name. */
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

/** The ids of a module's sections; 11 is data, 9 elements, 8 start. */
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
    imports: [{ kind: "memory", module: "env", name: "memory" }],
    memory: sharedMemory(),
  },
])("the released core, $name,", ({ wasm, imports, memory }) => {
  test("imports a memory to share and nothing else", () => {
    expect(WebAssembly.Module.imports(new WebAssembly.Module(wasm))).toMatchObject(imports);
    expect(WebAssembly.Module.imports(new WebAssembly.Module(wasm))).toHaveLength(imports.length);
  });

  test("holds nothing that an instance would write when it starts", () => {
    expect(sectionIds(wasm)).not.toContain(11);
    expect(sectionIds(wasm)).not.toContain(8);
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm), { env: { memory } });
    const { buffer } = memory ?? exports.memory;
    expect(new Uint8Array(buffer).every((byte) => byte === 0)).toBe(true);
    for (const constant of Object.values(exports).filter((value) => value instanceof WebAssembly.Global)) {
      expect(() => {
        constant.value = 0;
      }).toThrow(TypeError);
    }
  });
});

test("both cores have one layout, and the plain one's functions are among the other's", () => {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(plain));
  const shared = new WebAssembly.Instance(new WebAssembly.Module(threads), { env: { memory: sharedMemory() } }).exports;
  for (const [name, value] of Object.entries(exports)) {
    if (name === "memory") continue;
    if (value instanceof WebAssembly.Global) expect(shared[name].value, name).toBe(value.value);
    else expect(shared[name], name).toBeTypeOf("function");
  }
  expect(shared.rowBytes(11)).toBe(exports.rowBytes(11));
});

test("the core for threads loads the rows of others atomically", async () => {
  const files = await compile("assembly/threads.ts", "--target", "threads", "--textFile", "build/threads.wat");
  const text = files.get("build/threads.wat");
  const [addRows] = text.match(/\(func \$assembly\/slab\/addRows [\s\S]*?\n \)/);
  const count = (instruction) => addRows.match(new RegExp(`i64\\.${instruction}\\b`, "g")).length;
  expect(count("atomic\\.load")).toBeGreaterThan(0);
  expect(count("load")).toBe(count("store")); // of the sums
  expect(count("atomic\\.load")).toBe(count("store"));
  expect(text).not.toMatch(/\(data|\(global .*\(mut/);
});

test("instances on one memory count in it, each in rows of its own, and add all up", () => {
  const memory = sharedMemory();
  const instances = [1, 2].map(
    () => new WebAssembly.Instance(new WebAssembly.Module(threads), { env: { memory } }).exports,
  );
  const [rows, sums] = [[1024, 2048], 8192];
  const thresholds = new BigUint64Array(memory.buffer, instances[0].thresholds.value, 2);
  thresholds.set([5n, 2n ** 64n - 1n]);
  instances.forEach((core, i) => {
    core.startCall(rows[i]);
    core.startCall(rows[i]);
    core.endCall(rows[i], 2, 7 + i);
  });
  const [core] = instances;
  core.addRows(sums, rows[0], 1, 1, true);
  core.addRows(sums, rows[1], 1, 1, false);
  const word = (offset) => new BigUint64Array(memory.buffer, sums + offset, 1)[0];
  const { fields, latency, bucketStride } = core;
  const [inFlight, callsTotal, errorsTimeout] = [0, 8, 24].map((offset) => word(fields.value + offset));
  expect({ inFlight, callsTotal, errorsTimeout }).toEqual({ inFlight: 1n, callsTotal: 2n, errorsTimeout: 2n });
  expect(word(latency.value)).toBe(15n);
  expect(word(latency.value + bucketStride.value)).toBe(0n);
  expect(word(latency.value + 2 * bucketStride.value)).toBe(2n);
});

describe("the debug build", () => {
  let module;
  beforeAll(async () => {
    const files = await compile("assembly/index.ts", "--target", "debug");
    module = new WebAssembly.Module(files.get("build/core.debug.wasm"));
  });

  test("behaves as the reference does", async () => {
    class RpcMetricsRegistry extends library.RpcMetricsRegistry {
      constructor(options) {
        super({ ...options, module });
      }
    }
    expect(await replayAll({ ...library, RpcMetricsRegistry }, vectors)).toEqual({ replayed: 16, differences: [] });
  });
});
