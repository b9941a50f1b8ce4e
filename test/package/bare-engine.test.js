// The packed package in a bare JavaScript engine, with no more of a host's globals than the library needs.

import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { Worker } from "node:worker_threads";
import { build } from "esbuild";
import { expect, inject, test } from "vitest";

const packageFolder = join(inject("packed").folder, "node_modules/nrpc-metrics");

test.each([
  ["a registry", "index.js", "new library.RpcMetricsRegistry()"],
  ["a shared registry", "threads.js", "library.createSharedRegistry()"],
])("%s counts where there is no atob", async (_, entry, create) => {
  const { outputFiles } = await build({
    entryPoints: [join(packageFolder, "dist", entry)],
    bundle: true,
    format: "iife",
    globalName: "library",
    write: false,
  });
  const realm = { TextDecoder, TextEncoder, performance, Worker, crypto };
  const program = `${outputFiles[0].text}
    const registry = ${create};
    registry.forService("echo").observeCall(() => "reply");
    [typeof atob, typeof WebAssembly, registry.snapshot().prometheusText()];`;
  const [atobType, wasmType, text] = runInNewContext(program, realm);
  expect([atobType, wasmType]).toEqual(["undefined", "object"]);
  expect(text).toContain('nrpc_calls_total{service="echo"} 1\n');
});

test("a registry counts in Node once atob was deleted", async () => {
  const { atob } = globalThis;
  delete globalThis.atob;
  try {
    const { RpcMetricsRegistry } = await import(join(packageFolder, "dist/index.js"));
    const registry = new RpcMetricsRegistry();
    registry.forService("echo").observeCall(() => "reply");
    expect(typeof globalThis.atob).toBe("undefined");
    expect(registry.snapshot().get("echo").callsTotal).toBe(1);
  } finally {
    globalThis.atob = atob;
  }
});
