// Writes the page's JSON in slices, so that thousands of services don't hold up what else the process does.

import type { PageData, PageDetail } from "./data.js";
import { rounded, spark, type Tick } from "./history.js";
import type { Query } from "./query.js";
import { COLUMNS, pageRow } from "./row.js";
import { grownBuckets, type Present, type Sample } from "./sample.js";

/** Made without a break: 1 to 2 ms. By number and not by time, for the clock of Workers stands still meanwhile. */
const ROWS_A_SLICE = 256;
const DETAILS_A_SLICE = 32;

/** What a reply tells of, as it was when the request came: the history goes on between slices. */
export interface Past {
  /** Where the window begins. */
  readonly base: Sample;
  readonly ticks: readonly Tick[];
}

export async function pageJson(query: Query, overflowLookups: number, now: Present, past: Past): Promise<string> {
  const { layout, services } = now;
  const { base, ticks } = past;
  const wanted = new Set(query.services);
  const head: Omit<PageData, "details" | "rows"> = {
    version: 1,
    window: query.window,
    spanSeconds: (now.atMs - base.atMs) / 1000,
    buckets: layout.bounds,
    overflowLookups,
    sparkSeconds: ticks.map(({ seconds }) => rounded(seconds)),
    columns: COLUMNS,
  };
  const details = await inSlices(
    services.filter(({ name }) => wanted.has(name)),
    DETAILS_A_SLICE,
    ({ name, row }): PageDetail => {
      const rowNumber = row / layout.rowBytes;
      return {
        service: name,
        latency: grownBuckets(now, base, row + layout.latency, layout),
        handlerDuration: grownBuckets(now, base, row + layout.handlerDuration, layout),
        calls: spark(ticks, rowNumber, 0),
        errors: spark(ticks, rowNumber, 1),
        handlerInvocations: spark(ticks, rowNumber, 2),
      };
    },
  );
  const rows = await inSlices(services, ROWS_A_SLICE, ({ name, row }) => pageRow(name, row, now, base));
  return `${JSON.stringify(head).slice(0, -1)},"details":${details},"rows":${rows}}`;
}

/** A list as JSON. */
async function inSlices<Item>(items: readonly Item[], size: number, make: (item: Item) => unknown): Promise<string> {
  const slices: string[] = [];
  for (let begin = 0; begin < items.length; begin += size) {
    if (begin > 0) await new Promise((resolve) => setTimeout(resolve));
    slices.push(JSON.stringify(items.slice(begin, begin + size).map(make)).slice(1, -1));
  }
  return `[${slices.join(",")}]`;
}
