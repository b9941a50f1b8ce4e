// What the library says of the errors that engines throw where they can't run WebAssembly. refusal.test.js and
// test/runtime/registry provoke some of them in Node and browsers.

import { RpcMetricsRegistry } from "nrpc-metrics";
import { afterEach, describe, expect, test, vi } from "vitest";
import { refusal } from "../../src/core/refusal.ts";

const { CompileError, LinkError } = WebAssembly;

const ADDRESSES =
  "Each registry reserves up to 10 GB of addresses: keep one per process, or raise a limit such as `ulimit -v`. " +
  "Node's option --disable-wasm-trap-handler reserves less";
const EXPLAINED = {
  memory: (reason) => `no memory or address space is left (${reason}). ${ADDRESSES}`,
  damage: (reason) => `the core is damaged or of another release (${reason})`,
  policy: (reason) => `a page must allow 'wasm-unsafe-eval', Workers need the option \`module\` (${reason})`,
  other: (reason) => reason,
};

afterEach(() => vi.unstubAllGlobals());

test.each([
  [
    "memory",
    "V8",
    new RangeError("WebAssembly.Instance(): Out of memory: Cannot allocate Wasm memory for new instance"),
  ],
  ["memory", "V8, of shared memory", new RangeError("WebAssembly.Memory(): could not allocate memory")],
  ["damage", "V8", new CompileError("WebAssembly.Module(): expected magic word 00 61 73 6d, found 04 61 73 6d @+0")],
  ["damage", "SpiderMonkey", new CompileError("wasm validation error: at offset 4: failed to match magic number")],
  ["damage", "JavaScriptCore", new CompileError("WebAssembly.Module doesn't parse at byte 12: can't get section byte")],
  ["damage", "V8, of an import", new LinkError('WebAssembly.Instance(): Import #0 module="slab" error: not a number')],
  ["damage", "JavaScriptCore, of an import", new TypeError("import slab:ownerAddress must be an object")],
  ["policy", "V8", new CompileError("WebAssembly.Module(): Wasm code generation disallowed by embedder")],
  ["policy", "SpiderMonkey", new CompileError("call to WebAssembly.Module() blocked by CSP")],
  ["policy", "JavaScriptCore", new EvalError("Refused to create a WebAssembly object because of a policy")],
  ["other", "V8, at the end of the stack", new RangeError("Maximum call stack size exceeded")],
  [
    "other",
    "SpiderMonkey, at the end of the stack",
    Object.assign(new Error("too much recursion"), { name: "InternalError" }),
  ],
])("the reason is named as %s for what is thrown by %s", (kind, _engine, cause) => {
  const error = refusal(cause);
  expect(error.message).toBe(`nrpc-metrics can't run WebAssembly here: ${EXPLAINED[kind](cause.message)}`);
  expect(error.cause).toBe(cause);
});

test.each([undefined, null, "no luck"])("%j that was thrown is shown", (cause) => {
  expect(refusal(cause).message).toMatch(/^nrpc-metrics can't run WebAssembly here: (undefined|null|"no luck")$/);
});

describe("a registry says why it can't be made", () => {
  test("where there is no WebAssembly", () => {
    vi.stubGlobal("WebAssembly", undefined);
    expect(() => new RpcMetricsRegistry()).toThrow(
      "nrpc-metrics can't run WebAssembly here: this host has none (node --jitless and the lockdown modes of some browsers turn it off)",
    );
  });

  test("where no instance can be made", () => {
    const cause = new EvalError("Refused to create a WebAssembly object");
    vi.stubGlobal("WebAssembly", {
      ...Object.fromEntries(["Module", "Memory"].map((name) => [name, WebAssembly[name]])),
      Instance: class {
        constructor() {
          throw cause;
        }
      },
    });
    expect(() => new RpcMetricsRegistry()).toThrow(expect.objectContaining({ cause }));
  });
});
