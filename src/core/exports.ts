// What core.wasm exports (assembly/index.ts), as TypeScript sees it.

/** Counters and gauges of a service, by their names in a snapshot. */
export type CounterField =
  | "callsTotal"
  | "errorsNoRoute"
  | "errorsTimeout"
  | "errorsServer"
  | "errorsTransport"
  | "handlerInvocationsTotal"
  | "handlerPanicsTotal"
  | "streamingChunksEmittedTotal"
  | "streamingChunksDroppedTotal"
  | "capabilityDeniedTotal";
export type GaugeField = "inFlight" | "handlerInFlight";
export type Field = CounterField | GaugeField;
export type HistogramField = "latency" | "handlerDuration";

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

/** As much of a WebAssembly.Memory as is used; that name is unknown to programs without the lib `DOM`. */
export interface CoreMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

export type CoreExports = CoreFunctions & { memory: CoreMemory } & Record<LayoutConstant, { value: number }>;
