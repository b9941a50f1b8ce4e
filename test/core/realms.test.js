// The built package in realms that have less than a browser or Node.

import { join } from "node:path";
import { createContext, runInContext, runInNewContext } from "node:vm";
import { build } from "esbuild";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { describe, expect, inject, test } from "vitest";

const packageFolder = join(inject("packed").folder, "node_modules/nrpc-metrics");

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
