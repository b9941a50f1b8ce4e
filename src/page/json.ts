// Writes the page's JSON in slices, so that thousands of services don't block the event loop.

import { bucketDeltas } from "../model/delta.js";
import { rowIndex, rowNumber } from "../model/reader.js";
import type { PageData, PageDetail } from "./page-data.js";
import { spark, type Tick } from "./history.js";
import type { Query } from "./query.js";
import { rounded } from "./rounded.js";
import { COLUMNS, pageRow } from "./row.js";
import type { Sample, SampleWithServices } from "./sample.js";

/** A slice takes 1 to 2 ms. Its size is fixed, not timed, because in Workers the clock stands still while code runs. */
const ROWS_PER_SLICE = 256;
const DETAILS_PER_SLICE = 32;

/** What a reply needs of the history, as it was when the request came: the history grows while slices are written. */
export interface Past {
  /** The sample at which the window begins. */
  readonly base: Sample;
  readonly ticks: readonly Tick[];
}

export async function pageJson(query: Query, now: SampleWithServices, { base, ticks }: Past): Promise<string> {
  const { layout, services, statistics } = now;
  const wanted = new Set(query.services);
  const head: Omit<PageData, "details" | "rows"> = {
    version: 1,
    window: query.window,
    spanSeconds: (now.atMs - base.atMs) / 1000,
    buckets: layout.bounds,
    overflowLookups: statistics.overflowLookups,
    sparkSeconds: ticks.map(({ seconds }) => rounded(seconds)),
    columns: COLUMNS,
  };
  const details = await inSlices(
    services.filter(({ name }) => wanted.has(name)),
    DETAILS_PER_SLICE,
    (service): PageDetail => {
      const row = rowIndex(service);
      const number = rowNumber(service, layout);
      return {
        service: service.name,
        latency: bucketDeltas(now, base, row, "latency"),
        handlerDuration: bucketDeltas(now, base, row, "handlerDuration"),
        calls: spark(ticks, number, "calls"),
        errors: spark(ticks, number, "errors"),
        handlerInvocations: spark(ticks, number, "handlerInvocations"),
      };
    },
  );
  const rows = await inSlices(services, ROWS_PER_SLICE, (service) =>
    pageRow(service.name, rowIndex(service), now, base),
  );
  return `${JSON.stringify(head).slice(0, -1)},"details":${details},"rows":${rows}}`;
}

/** What `make` returns for all items, as a JSON array. */
async function inSlices<Item>(items: readonly Item[], size: number, make: (item: Item) => unknown): Promise<string> {
  const slices: string[] = [];
  for (let begin = 0; begin < items.length; begin += size) {
    if (begin > 0) await new Promise((resolve) => setTimeout(resolve));
    slices.push(JSON.stringify(items.slice(begin, begin + size).map(make)).slice(1, -1));
  }
  return `[${slices.join(",")}]`;
}
