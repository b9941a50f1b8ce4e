// What core.wasm exports (assembly/index.ts), as TypeScript sees it.

import type { HistogramField } from "../model/fields.js";

/** In bytes: address of the thresholds, offsets of the first field and the histograms in a row, bucket stride. */
type LayoutConstant = HistogramField | "thresholds" | "fields" | "bucketStride";

interface CoreFunctions {
  rowBytes(boundCount: number): number;
  startCall(row: number): void;
  /** `mark`: of model/mark.ts, here and below. */
  endCall(row: number, mark: number, elapsedNs: number): void;
  recordCall(row: number, mark: number, elapsedNs: number): void;
  startHandler(row: number): void;
  endHandler(row: number, mark: number, elapsedNs: number): void;
  recordHandler(row: number, mark: number): void;
  observe(histogram: number, elapsedNs: number): void;
  add(address: number, n: number): void;
  addExact(address: number, n: bigint): void;
}

/** The part of WebAssembly.Memory that is used here. Programs without the lib `DOM` don't know that type. */
export interface CoreMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

export type CoreExports = CoreFunctions & { memory: CoreMemory } & Record<LayoutConstant, { value: number }>;
