// The built package in realms that have less than a browser or Node, and with objects of other realms.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createContext, runInContext, runInNewContext } from "node:vm";
import { build } from "esbuild";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { describe, expect, inject, test } from "vitest";

const packageFolder = join(inject("packed").folder, "node_modules/nrpc-metrics");
const core = readFileSync(join(packageFolder, "dist/core.wasm"));

/** An entry as one script that sets `library`. */
async function script(entry) {
  const { outputFiles } = await build({
    entryPoints: [join(packageFolder, "dist", entry)],
    bundle: true,
    format: "iife",
    globalName: "library",
    external: ["node:worker_threads"],
    write: false,
  });
  return outputFiles[0].text;
}

const index = await script("index.js");

/** Has the library, with `globals` as the only ones besides ECMAScript's. `program` runs in there. */
function realm(globals) {
  const context = createContext(globals);
  runInContext("delete Symbol.dispose; delete Symbol.asyncDispose;", context);
  runInContext(index, context);
  return (program) => runInContext(program, context);
}

describe("a realm without the globals of a host", () => {
  test.each(["index.js", "http.js", "page.js", "threads.js"])("imports %s", async (entry) => {
    const code = await script(entry);
    const imported = runInNewContext(`delete globalThis.WebAssembly; ${code}; Object.keys(library)`);
    expect(imported.length).toBeGreaterThan(0);
    expect(runInNewContext("[typeof TextEncoder, typeof TextDecoder, typeof performance]").join()).toBe(
      "undefined,undefined,undefined",
    );
  });

  test.each([
    [{}, "", "nrpc-metrics needs TextEncoder and TextDecoder, which are missing here"],
    [{ TextEncoder }, "", "nrpc-metrics needs TextDecoder, which is missing here"],
    [{ TextEncoder, TextDecoder }, "", "nrpc-metrics needs performance, which is missing here"],
    [{ TextEncoder, TextDecoder, performance }, "delete globalThis.WebAssembly;", "this host has none"],
  ])("constructing a registry with %o says what is missing", (globals, before, message) => {
    const run = realm(globals);
    expect(() => run(`${before} new library.RpcMetricsRegistry()`)).toThrow(message);
  });

  test("constructing a registry with detectLeaks says that FinalizationRegistry is missing", () => {
    const run = realm({ TextEncoder, TextDecoder, performance });
    run("delete globalThis.FinalizationRegistry");
    expect(() => run("new library.RpcMetricsRegistry({ detectLeaks: true })")).toThrow(
      "nrpc-metrics needs FinalizationRegistry, which is missing here",
    );
    expect(run("new library.RpcMetricsRegistry().size")).toBe(0);
  });

  test("a registry with a clock needs no performance", () => {
    const run = realm({ TextEncoder, TextDecoder });
    const text = run(`
      const registry = new library.RpcMetricsRegistry({ clock: () => 7 });
      registry.forService("echo").observeCall(() => "reply");
      registry.snapshot().prometheusText()`);
    expect(text).toContain('nrpc_calls_total{service="echo"} 1\n');
  });
});

test("in a realm that may compile no WebAssembly, the message says what a policy must allow, and what the engine said", () => {
  const context = createContext(
    { TextEncoder, TextDecoder, performance },
    { codeGeneration: { strings: true, wasm: false } },
  );
  runInContext(index, context);
  expect(() => runInContext("new library.RpcMetricsRegistry()", context)).toThrow(
    /^nrpc-metrics can't run WebAssembly here: a page must allow 'wasm-unsafe-eval', Workers need the option `module` \(.+\)$/,
  );
});

describe("a realm without Symbol.dispose", () => {
  const guards = `[service.startCall(), service.startHandler()]`;

  test("guards have the method that compiled `using` looks for", () => {
    const run = realm({ TextEncoder, TextDecoder, performance });
    expect(run("typeof Symbol.dispose")).toBe("undefined");
    expect(
      run(`
        const registry = new library.RpcMetricsRegistry();
        const service = registry.forService("echo");
        for (const guard of ${guards}) guard[Symbol.for("Symbol.dispose")]();
        const { inFlight, handlerInFlight, handlerDurationCount } = registry.snapshot().get("echo");
        [inFlight, handlerInFlight, handlerDurationCount, "undefined" in service.startCall()].join()`),
    ).toBe("0,0,1,false");
  });

  test("guards have that of a polyfill which comes later, too", () => {
    const run = realm({ TextEncoder, TextDecoder, performance });
    expect(
      run(`
        const registry = new library.RpcMetricsRegistry();
        const service = registry.forService("echo");
        service.startCall().end();
        Symbol.dispose = Symbol("Symbol.dispose");
        for (const guard of ${guards}) guard[Symbol.dispose]();
        const { inFlight, handlerInFlight, handlerDurationCount } = registry.snapshot().get("echo");
        [inFlight, handlerInFlight, handlerDurationCount].join()`),
    ).toBe("0,0,1");
  });
});

test("where there is a Symbol.dispose, guards have both methods", () => {
  for (const symbol of [Symbol.dispose, Symbol.for("Symbol.dispose")]) {
    const registry = new RpcMetricsRegistry({ services: ["echo"] });
    registry.forService("echo").startCall()[symbol]();
    registry.forService("echo").startHandler()[symbol]();
    expect(registry.snapshot().get("echo")).toMatchObject({ inFlight: 0, handlerInFlight: 0 });
  }
});

describe("the option `module`", () => {
  const compiledThere = (bytes) => runInNewContext("new WebAssembly.Module(bytes)", { bytes });

  test("may be compiled in another realm", () => {
    const module = compiledThere(core);
    expect(module instanceof WebAssembly.Module).toBe(false);
    const registry = new RpcMetricsRegistry({ module });
    registry.forService("echo").recordCall(2, 5);
    expect(registry.snapshot().get("echo")).toMatchObject({ callsTotal: 1, errorsTimeout: 1, latencySumNs: 5 });
  });

  const threads = readFileSync(new URL("../../build/threads.wasm", import.meta.url));
  const empty = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);
  test.each([
    ["the build for threads", new WebAssembly.Module(threads)],
    ["the build for threads, of another realm", compiledThere(threads)],
    ["an empty module of another realm", compiledThere(empty)],
    ["the bytes of the core", core],
    ["what only looks like a module", Object.create(WebAssembly.Module.prototype)],
    ["an object with exports", { exports: () => [] }],
  ])("is a TypeError if it is %s", (_, module) => {
    expect(() => new RpcMetricsRegistry({ module })).toThrow(TypeError);
    expect(() => new RpcMetricsRegistry({ module })).toThrow("module must be a compiled core.wasm, got [object]");
  });
});
