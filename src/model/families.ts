// Every metric family that services expose, in the order of exposition. Names and HELP texts are those of the
// reference implementation, byte for byte; dashboards and recorded test vectors depend on them.

import { type CounterField, type GaugeField, type HistogramField, statusField } from "./fields.js";
import { RPC_STATUSES } from "./status.js";

/** What formats need to know about a family. */
export interface Family {
  /** Without the prefix, and without the `_total` that formats add to counters' samples; ends with the unit, if any. */
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram" | "summary";
  readonly unit?: "seconds" | "bytes";
  readonly help: string;
}

interface SeriesOf<Source> {
  readonly field: Source;
  /** Labels besides `service`. */
  readonly labels?: Readonly<Record<string, string>>;
}

interface FamilyOf<Type extends Family["type"], Source> extends Family {
  readonly type: Type;
  /**
   * Not a family of the reference: only series with something recorded are written, and the header only if there is one,
   * so that the text of those who don't use it stays as it was.
   */
  readonly isExtension?: true;
  /** The series that each service has in this family. */
  readonly series: readonly SeriesOf<Source>[];
}

/** A family with series for each service, made of the fields of its row. */
export type ServiceFamily =
  | FamilyOf<"counter", CounterField>
  | FamilyOf<"gauge", GaugeField>
  | FamilyOf<"histogram", HistogramField>;

/** Add new families at the end, as extensions: the page's JSON has its columns in this order (page/row.ts). */
export const FAMILIES: readonly ServiceFamily[] = [
  {
    name: "calls",
    type: "counter",
    help: "Total nRPC calls that resolved (success or error).",
    series: [{ field: "callsTotal" }],
  },
  {
    name: "errors",
    type: "counter",
    help: "nRPC call failures, partitioned by error kind.",
    series: [
      { field: "errorsNoRoute", labels: { kind: "no_route" } },
      { field: "errorsTimeout", labels: { kind: "timeout" } },
      { field: "errorsServer", labels: { kind: "server" } },
      { field: "errorsTransport", labels: { kind: "transport" } },
    ],
  },
  {
    name: "in_flight_calls",
    type: "gauge",
    help: "Currently-in-flight nRPC calls.",
    series: [{ field: "inFlight" }],
  },
  {
    name: "call_latency_seconds",
    type: "histogram",
    unit: "seconds",
    help: "Wall-clock nRPC call latency in seconds.",
    series: [{ field: "latency" }],
  },
  {
    name: "handler_invocations",
    type: "counter",
    help: "Total nRPC handler invocations on this node.",
    series: [{ field: "handlerInvocationsTotal" }],
  },
  {
    name: "handler_panics",
    type: "counter",
    help: "Handler panics caught by the fold's catch_unwind.",
    series: [{ field: "handlerPanicsTotal" }],
  },
  {
    name: "handler_in_flight",
    type: "gauge",
    help: "Currently-running handler tasks for this service.",
    series: [{ field: "handlerInFlight" }],
  },
  {
    name: "handler_duration_seconds",
    type: "histogram",
    unit: "seconds",
    help: "Server-side handler wall-clock duration (excludes network).",
    series: [{ field: "handlerDuration" }],
  },
  {
    name: "streaming_chunks_emitted",
    type: "counter",
    help: "Total chunks emitted by streaming handlers via sink.send().",
    series: [{ field: "streamingChunksEmittedTotal" }],
  },
  {
    name: "streaming_chunks_dropped",
    type: "counter",
    help: "Streaming chunks dropped because the per-call pump mpsc was full (handler outpaced the publish path).",
    series: [{ field: "streamingChunksDroppedTotal" }],
  },
  {
    name: "capability_denied",
    type: "counter",
    help: "Inbound nRPC calls rejected by the callee-side capability-auth gate before handler invocation.",
    series: [{ field: "capabilityDeniedTotal" }],
  },
  {
    name: "call_status",
    type: "counter",
    isExtension: true,
    help: "Resolved nRPC calls, partitioned by status; only calls whose status is known.",
    series: RPC_STATUSES.map((code) => ({ field: statusField("callStatuses", code), labels: { code } })),
  },
  {
    name: "handler_status",
    type: "counter",
    isExtension: true,
    help: "Handler runs, partitioned by the status they answered; only runs whose status is known.",
    series: RPC_STATUSES.map((code) => ({ field: statusField("handlerStatuses", code), labels: { code } })),
  },
];

/** The families of the endpoint, about the registry and about scrapes, in the order of exposition. */
export const ENDPOINT_FAMILIES = {
  trackedServices: { name: "tracked_services", type: "gauge", help: "Services with series." },
  maxServices: { name: "max_services", type: "gauge", help: "Services that may get series." },
  overflowLookups: { name: "overflow_lookups", type: "counter", help: "Lookups that got the overflow set." },
  startTime: {
    name: "start_time_seconds",
    type: "gauge",
    unit: "seconds",
    help: "Start time of the registry since the Unix epoch in seconds: nothing was counted before.",
  },
  scrapes: { name: "scrapes", type: "counter", help: "Scrapes by how they ended." },
  scrapeDuration: {
    name: "scrape_duration_seconds",
    type: "summary",
    unit: "seconds",
    help: "Time of complete scrapes.",
  },
  scrapeBytes: { name: "scrape_bytes", type: "counter", unit: "bytes", help: "Bytes sent to scrapers." },
  responses: {
    name: "responses",
    type: "gauge",
    help: "Responses of all endpoints and live pages of this process, under way and waiting for a place.",
  },
  unreadBytes: {
    name: "unread_bytes",
    type: "gauge",
    unit: "bytes",
    help: "Bytes that this process holds for clients that have not read them yet.",
  },
  pageResponses: {
    name: "page_responses",
    type: "counter",
    help: "Responses of all live pages of this process by how they ended.",
  },
} as const satisfies Readonly<Record<string, Family>>;
