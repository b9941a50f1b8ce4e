// The option `module`: which modules are taken for a core.

import { runInNewContext } from "node:vm";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { afterEach, describe, expect, test, vi } from "vitest";
import { WASM_BYTES } from "../../src/core/core-wasm.generated.ts";
import { WASM_BYTES as THREADS_WASM_BYTES } from "../../src/core/threads-wasm.generated.ts";

const core = Buffer.from(WASM_BYTES, "base64");
const threads = Buffer.from(THREADS_WASM_BYTES, "base64");

const compiledThere = (bytes) => runInNewContext("new WebAssembly.Module(bytes)", { bytes });

afterEach(() => vi.unstubAllGlobals());

test.each([
  ["in this realm", new WebAssembly.Module(core)],
  ["in another realm", compiledThere(core)],
])("the option `module` may be compiled %s", (_, module) => {
  const registry = new RpcMetricsRegistry({ module });
  registry.forService("echo").recordCall(2, 5);
  expect(registry.snapshot().get("echo")).toMatchObject({ callsTotal: 1, errorsTimeout: 1, latencySumNs: 5 });
});

const [FUNCTION, MEMORY] = [0, 2];

/** A module with a function and a memory, which imports and exports what these sections say. */
function moduleWith({ imports = [], exports }) {
  const section = (id, entries) => {
    const content = [entries.length, ...entries.flat()];
    return [id, content.length, ...content];
  };
  const named = (name) => [name.length, ...Buffer.from(name)];
  const sections = [
    section(1, [[0x60, 0, 0]]), // the type of functions without parameters and results
    section(
      2,
      imports.map(([module, name]) => [...named(module), ...named(name), FUNCTION, 0]),
    ),
    section(3, [[0]]),
    section(5, [[0, 1]]),
    section(
      7,
      exports.map(([name, kind]) => [...named(name), kind, kind === FUNCTION ? imports.length : 0]),
    ),
    section(10, [[2, 0, 0x0b]]), // an empty body
  ];
  return new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, ...sections.flat()));
}

describe("the option `module` is a TypeError if it is", () => {
  const empty = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);
  const rowBytes = ["rowBytes", FUNCTION];
  const memory = ["memory", MEMORY];
  test.each([
    ["the build for threads", new WebAssembly.Module(threads)],
    ["the build for threads, of another realm", compiledThere(threads)],
    ["an empty module of another realm", compiledThere(empty)],
    ["a module without memory", moduleWith({ exports: [rowBytes] })],
    ["a module without rows", moduleWith({ exports: [memory] })],
    ["a module with another function", moduleWith({ exports: [memory, ["size", FUNCTION]] })],
    ["a module with another memory", moduleWith({ exports: [["heap", MEMORY], rowBytes] })],
    [
      "a module whose memory is called as a function is",
      moduleWith({
        exports: [
          ["memory", FUNCTION],
          ["rowBytes", MEMORY],
        ],
      }),
    ],
    ["a module that imports something", moduleWith({ imports: [["env", "abort"]], exports: [rowBytes, memory] })],
    ["the bytes of the core", core],
    ["what only looks like a module", Object.create(WebAssembly.Module.prototype)],
    ["an object with exports", { exports: () => [] }],
  ])("%s", (_, module) => {
    expect(() => new RpcMetricsRegistry({ module })).toThrow(TypeError);
    expect(() => new RpcMetricsRegistry({ module })).toThrow("module must be a compiled core.wasm, got [object]");
  });

  test("anything, where the host has no WebAssembly", () => {
    const module = new WebAssembly.Module(core);
    vi.stubGlobal("WebAssembly", undefined);
    expect(() => new RpcMetricsRegistry({ module })).toThrow("module must be a compiled core.wasm, got [object]");
  });
});
