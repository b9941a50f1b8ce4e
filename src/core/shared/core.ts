// The core for threads: its module, instances on shared memory, and what stands in for one that counts no more.

import { compile } from "../embedded.js";
import type { CoreExports, CoreMemory } from "../exports.js";
import { instantiate } from "../instance.js";
import { WASM_BASE64 } from "../threads-wasm.generated.js";

export type SharedCore = CoreExports & {
  /** Adds `rowCount` rows at `row` to those at `sum`, with their gauges or without (assembly/slab.ts). */
  addRows(sum: number, row: number, rowCount: number, boundCount: number, gauges: boolean): void;
};

let compiled: WebAssembly.Module | undefined;
let template: SharedCore | undefined;

/** The module for all threads; one that was sent by another thread saves compiling it once more. */
export function sharedModule(): WebAssembly.Module {
  compiled ??= compile(WASM_BASE64);
  return compiled;
}

export function instantiateOn(memory: CoreMemory, module: () => WebAssembly.Module): SharedCore {
  return instantiate(module, { env: { memory } }) as SharedCore;
}

/** An instance that tells the layout before there is a memory whose size depends on it. */
export function templateCore(): SharedCore {
  template ??= instantiateOn(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }) as never, sharedModule);
  return template;
}

const nothing = () => {};

/** The core of a thread that has given its slab back: what its handles and guards still tell is not counted. */
export const IDLE_CORE = {
  startCall: nothing,
  endCall: nothing,
  recordCall: nothing,
  startHandler: nothing,
  endHandler: nothing,
  observe: nothing,
  add: nothing,
  addExact: nothing,
} as unknown as CoreExports;
