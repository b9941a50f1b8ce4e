// The compiled core: what the layout and the build must keep, so that threads can share its memory one day.

import { readFileSync } from "node:fs";
import asc from "assemblyscript/asc";
import * as library from "nrpc-metrics";
import { beforeAll, describe, expect, test } from "vitest";
import { replayAll } from "../conformance/replay.js";
import { vectors } from "../conformance/vectors.js";

const root = new URL("../..", import.meta.url);
const released = readFileSync(new URL("dist/core.wasm", root));

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

describe("the released core", () => {
  test("imports nothing", () => {
    expect(WebAssembly.Module.imports(new WebAssembly.Module(released))).toEqual([]);
  });

  test("holds nothing that an instance would write when it starts", () => {
    expect(sectionIds(released)).not.toContain(11);
    expect(sectionIds(released)).not.toContain(8);
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(released));
    expect(new Uint8Array(exports.memory.buffer).every((byte) => byte === 0)).toBe(true);
    for (const constant of Object.values(exports).filter((value) => value instanceof WebAssembly.Global)) {
      expect(() => {
        constant.value = 0;
      }).toThrow(TypeError);
    }
  });
});

describe("the debug build", () => {
  let module;
  beforeAll(async () => {
    const files = await compile("--target", "debug");
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

describe("the same source compiled for threads", () => {
  let files;
  beforeAll(async () => {
    const shared = ["--enable", "threads", "--sharedMemory", "--importMemory", "--zeroFilledMemory"];
    const memory = ["--initialMemory", "1", "--maximumMemory", "16"];
    const output = ["--outFile", "core.wasm", "--textFile", "core.wat"];
    files = await compile("assembly/index.ts", "-O3", "--runtime", "stub", ...shared, ...memory, ...output);
  });

  test("adds to every word atomically, and reads none that changes", () => {
    const text = files.get("core.wat");
    expect(text).toContain("i64.atomic.rmw.add");
    expect(text).not.toContain("i64.store");
    // Each plain load is a threshold's, which never changes, right before its comparison.
    expect(text.match(/i64\.load/g)).toHaveLength(text.match(/i64\.load\s+i64\.gt_u/g).length);
    expect(text).not.toMatch(/\(data|\(global .*\(mut/);
  });

  test("counts in imported shared memory", () => {
    const wasm = files.get("core.wasm");
    const shared = new WebAssembly.Memory({ initial: 1, maximum: 16, shared: true });
    const instances = [1, 2].map(
      () => new WebAssembly.Instance(new WebAssembly.Module(wasm), { env: { memory: shared } }).exports,
    );
    const row = 1024;
    for (const { startCall } of instances) startCall(row);
    const { fields } = instances[0];
    expect(new BigInt64Array(shared.buffer, row + fields.value, 1)[0]).toBe(2n);
  });
});
