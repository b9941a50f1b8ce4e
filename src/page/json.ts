// Writes the page's JSON in pieces, so that thousands of services don't block the event loop.

import { bucketDeltas } from "../model/delta.js";
import { encoder } from "../model/names.js";
import { rowIndex, rowNumber } from "../model/reader.js";
import type { SnapshotService } from "../model/data.js";
import type { Chunk, Pieces } from "../server/body.js";
import { answerCounts } from "./answers.js";
import type { PageData, PageDetail } from "./page-data.js";
import { spark, type Tick } from "./history.js";
import type { Query } from "./query.js";
import { rounded } from "./rounded.js";
import { COLUMNS, pageRow } from "./row.js";
import type { Sample, SampleWithServices } from "./sample.js";

/**
 * A piece takes 1 to 2 ms to make. Limited in number, because quantiles take most of the time, and in bytes, because a
 * name of control characters takes six bytes for each.
 */
const ROWS_PER_PIECE = 256;
const DETAILS_PER_PIECE = 32;
const PIECE_BYTES = 131_072;
const ESCAPED_BYTES = 6;
/** Estimated bytes of an item besides the service's name. */
const ITEM_BYTES = 200;

/** What a reply needs of the history, as it was when the snapshot was taken: it grows while pieces are written. */
export interface Past {
  /** The sample at which the window begins. */
  readonly base: Sample;
  readonly ticks: readonly Tick[];
}

export function jsonPieces(query: Query, now: SampleWithServices, { base, ticks }: Past): Pieces {
  const { layout, services, statistics } = now;
  const wanted = new Set(query.services);
  const head: Omit<PageData, "details" | "rows"> = {
    version: 1,
    window: query.window,
    spanSeconds: Math.max(0, now.atMs - base.atMs) / 1000, // a test may have replaced the clock in between
    buckets: layout.bounds,
    overflowLookups: statistics.overflowLookups,
    sparkSeconds: ticks.map(({ seconds }) => rounded(seconds)),
    columns: COLUMNS,
  };
  const detail = (service: SnapshotService): PageDetail => {
    const row = rowIndex(service);
    const number = rowNumber(service, layout);
    return {
      service: service.name,
      latency: bucketDeltas(now, base, row, "latency"),
      handlerDuration: bucketDeltas(now, base, row, "handlerDuration"),
      calls: spark(ticks, number, "calls"),
      errors: spark(ticks, number, "errors"),
      handlerInvocations: spark(ticks, number, "handlerInvocations"),
      callFaults: spark(ticks, number, "callFaults"),
      handlerFaults: spark(ticks, number, "handlerFaults"),
      callStatuses: answerCounts(now, base, row, "callStatuses"),
      handlerStatuses: answerCounts(now, base, row, "handlerStatuses"),
    };
  };
  const detailed = services.filter(({ name }) => wanted.has(name));
  const parts: readonly (() => string)[] = [
    () => `${JSON.stringify(head).slice(0, -1)},"details":[`,
    ...arrayParts(detailed, DETAILS_PER_PIECE, detail),
    () => `],"rows":[`,
    ...arrayParts(services, ROWS_PER_PIECE, (service) => pageRow(service.name, rowIndex(service), now, base)),
    () => "]}",
  ];
  return { count: parts.length, make: (index): Chunk => encoder.encode(parts[index]?.() ?? "") };
}

/** Functions that write what `make` returns for the services, as the inside of a JSON array. */
function arrayParts(
  services: readonly SnapshotService[],
  maxItems: number,
  make: (service: SnapshotService) => unknown,
): (() => string)[] {
  const parts: (() => string)[] = [];
  for (let begin = 0, end = 0; begin < services.length; begin = end) {
    for (let bytes = 0; end < services.length && end - begin < maxItems && bytes < PIECE_BYTES; end++)
      bytes += ITEM_BYTES + ESCAPED_BYTES * (services[end] as SnapshotService).name.length;
    const items = services.slice(begin, end);
    const comma = begin > 0 ? "," : "";
    parts.push(() => comma + JSON.stringify(items.map(make)).slice(1, -1));
  }
  return parts;
}
