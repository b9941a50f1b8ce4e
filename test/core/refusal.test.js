// Hosts that refuse to run WebAssembly: each cause has its own message. In processes of their own. Browsers with policies
// are in test/runtime/registry.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, inject, test } from "vitest";
import { start } from "../support/process.js";

const cwd = mkdtempSync(join(inject("packed").folder, "refusal-"));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

/** What the program prints in which `make` is run with the library, as `library`, after `before`. */
async function printed(make, { before = "", library = "nrpc-metrics", shell = 'exec "$@"', flags = [] } = {}) {
  const file = join(cwd, "program.mjs");
  writeFileSync(
    file,
    `${before}
    const library = await import(${JSON.stringify(library)});
    try {
      ${make}
      console.log("it runs");
    } catch (error) {
      console.log(error.message);
    }`,
  );
  const { code, stdout, stderr } = await start("sh", ["-c", shell, "sh", process.execPath, ...flags, file], { cwd })
    .ended;
  if (code !== 0) throw new Error(`the program ended with ${code}: ${stderr}`);
  return stdout.trim();
}

const construct = "new library.RpcMetricsRegistry();";
const policy = "'wasm-unsafe-eval'";

describe("without address space", () => {
  const limited = { shell: 'ulimit -v 4194304 && exec "$@"' };

  test("the message says so, and names Node's option that reserves less", async () => {
    const message = await printed(construct, limited);
    expect(message).toMatch(/^nrpc-metrics can't run WebAssembly here: no memory or address space is left \(.+\)/);
    expect(message).toContain("--disable-wasm-trap-handler");
    expect(message).not.toContain(policy);
  });

  test("the option that the message names helps", async () => {
    expect(await printed(construct, { ...limited, flags: ["--disable-wasm-trap-handler"] })).toBe("it runs");
  });

  test("more registries than addresses get that message too", async () => {
    const message = await printed("const all = []; for (;;) all.push(new library.RpcMetricsRegistry());");
    expect(message).toContain("no memory or address space is left");
    expect(message).toContain("keep one per process");
    expect(message).not.toContain(policy);
  });
});

test("shared registries get these messages too", async () => {
  const library = "nrpc-metrics/threads";
  const fill =
    "const all = []; for (;;) all.push(library.createSharedRegistry({ maxThreads: 512, maxServices: 10_000 }));";
  const message = await printed(fill, { library, shell: 'ulimit -v 20000000 && exec "$@"' });
  expect(message).toMatch(/^nrpc-metrics can't run WebAssembly here: no memory or address space is left \(.+\)/);
  expect(message).not.toContain(policy);
  expect(await printed("library.createSharedRegistry();", { library, flags: ["--jitless"] })).toMatch(
    /^nrpc-metrics can't run WebAssembly here: this host has none/,
  );
});

test.each([
  ["once it was deleted", { before: "delete globalThis.WebAssembly;" }],
  ["in Node without a compiler", { flags: ["--jitless"] }],
])("without WebAssembly, %s, the message says that the host has none", async (_, how) => {
  const message = await printed(construct, how);
  expect(message).toMatch(/^nrpc-metrics can't run WebAssembly here: this host has none/);
  expect(message).not.toContain(policy);
});

test("a core that was damaged on the way is called damaged", async () => {
  const copy = join(cwd, "damaged");
  cpSync(join(inject("packed").folder, "node_modules/nrpc-metrics"), copy, { recursive: true });
  const file = join(copy, "dist/shared/core.js");
  const code = readFileSync(file, "utf8");
  expect(code).toContain("AGFzbQEAAAAB");
  for (const damage of ["AGFzbQEAAAAC", "BGFzbQEAAAAB", ""]) {
    writeFileSync(file, code.replace("AGFzbQEAAAAB", damage));
    const message = await printed(construct, { library: `./damaged/dist/index.js` });
    expect(message).toMatch(
      /^nrpc-metrics can't run WebAssembly here: the core is damaged or of another release \(.+\)$/,
    );
  }
});

test("at the end of the stack the message blames nothing else", async () => {
  const message = await printed(`
    const messages = new Set();
    const recurse = () => {
      try { new library.RpcMetricsRegistry(); } catch (error) { messages.add(error.message); throw error; }
      recurse();
    };
    try { recurse(); } catch {}
    console.log([...messages].join("\\n"));`);
  expect(message).toContain("Maximum call stack size exceeded");
  expect(message).not.toMatch(/wasm-unsafe-eval|address space|damaged/);
});
