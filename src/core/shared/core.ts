// Compiles the core's build for threads and instantiates it on shared memory.

import { compile } from "../embedded.js";
import type { CoreExports, CoreMemory } from "../exports.js";
import { instantiate } from "../instance.js";
import { WASM_BYTES } from "../threads-wasm.generated.js";

export type SharedCore = CoreExports & {
  /** Adds `rowCount` rows at `row` to those at `sum`, with or without their gauges (assembly/slab.ts). */
  addRows(sum: number, row: number, rowCount: number, boundCount: number, gauges: boolean): void;
};

let compiled: WebAssembly.Module | undefined;
let template: SharedCore | undefined;

/**
 * This thread's compiled module. Threads don't send it to each other, although that would save each of them the time to
 * compile 1 kB: a thread must not run code that it was handed together with a handle.
 */
function sharedModule(): WebAssembly.Module {
  compiled ??= compile(WASM_BYTES);
  return compiled;
}

/** @param slab address of the owner word, and the value it must hold for this instance to count; see `Attachment`. */
export function instantiateOn(memory: CoreMemory, slab: { ownerAddress: number; owner: number }): SharedCore {
  return instantiate(sharedModule, { env: { memory }, slab }) as SharedCore;
}

/** An instance that only reports the row layout, on which the size of the shared memory depends. */
export function templateCore(): SharedCore {
  if (template !== undefined) return template;
  const env: { memory?: WebAssembly.Memory } = {};
  const compileWithMemory = () => {
    env.memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    return sharedModule();
  };
  template = instantiate(compileWithMemory, { env, slab: { ownerAddress: 0, owner: 1 } }) as SharedCore;
  return template;
}
