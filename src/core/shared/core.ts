// The core for threads: its module, and instances of it on shared memory.

import { compile } from "../embedded.js";
import type { CoreExports, CoreMemory } from "../exports.js";
import { instantiate } from "../instance.js";
import { WASM_BYTES } from "../threads-wasm.generated.js";

export type SharedCore = CoreExports & {
  /** Adds `rowCount` rows at `row` to those at `sum`, with their gauges or without (assembly/slab.ts). */
  addRows(sum: number, row: number, rowCount: number, boundCount: number, gauges: boolean): void;
};

let compiled: WebAssembly.Module | undefined;
let template: SharedCore | undefined;

/** The module of this thread: that which another thread has sent saves compiling it once more. */
export function sharedModule(sent?: WebAssembly.Module): WebAssembly.Module {
  compiled ??= sent ?? compile(WASM_BYTES);
  return compiled;
}

/** @param slab what the instance has to find where, before it counts; see `Attachment`. */
export function instantiateOn(
  memory: CoreMemory,
  module: WebAssembly.Module,
  slab: { ownerAddress: number; owner: number },
): SharedCore {
  return instantiate(() => module, { env: { memory }, slab }) as SharedCore;
}

/** An instance that counts nothing and tells the layout, before there is a memory whose size depends on it. */
export function templateCore(sent?: WebAssembly.Module): SharedCore {
  if (template !== undefined) return template;
  const env: { memory?: WebAssembly.Memory } = {};
  const compileForOne = () => {
    env.memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    return sharedModule(sent);
  };
  template = instantiate(compileForOne, { env, slab: { ownerAddress: 0, owner: 1 } }) as SharedCore;
  return template;
}
