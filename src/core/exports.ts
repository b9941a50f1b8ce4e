// What core.wasm exports (assembly/index.ts), as TypeScript sees it.

import type { HistogramField } from "../model/fields.js";

/** Addresses and distances in bytes: those of the thresholds, of the first field of a row, of its histograms' sums. */
type LayoutConstant = HistogramField | "thresholds" | "fields" | "bucketStride";

interface CoreFunctions {
  rowBytes(boundCount: number): number;
  startCall(row: number): void;
  endCall(row: number, outcome: number, elapsedNs: number): void;
  recordCall(row: number, outcome: number, elapsedNs: number): void;
  startHandler(row: number): void;
  endHandler(row: number, threw: boolean, elapsedNs: number): void;
  observe(histogram: number, elapsedNs: number): void;
  add(address: number, n: number): void;
  addExact(address: number, n: bigint): void;
}

/** The part of a WebAssembly.Memory that is used; that type is unknown to programs without the lib `DOM`. */
export interface CoreMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

export type CoreExports = CoreFunctions & { memory: CoreMemory } & Record<LayoutConstant, { value: number }>;
