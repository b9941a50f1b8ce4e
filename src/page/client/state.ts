// The page's state, the part of it that the URL's fragment stores, and the rows that match it.

import type { PageData, PageRow, PageWindow } from "../page-data.js";
import { COLUMNS, traffic } from "./columns.js";

/** The part of the state that a link stores, with the values as they appear in it. */
interface Linked {
  window: PageWindow;
  /** Key of a column, or `service`. */
  sort: string;
  order: "ascending" | "descending";
  filter: string;
  /** Name of the service whose row is open. */
  open: string | null;
}

export interface State extends Linked {
  data?: PageData;
  /** When the data was asked for, in ms of `performance.now()`. */
  atMs: number;
  /** When newer data should have arrived, likewise. */
  lateAtMs: number;
  /** Why the last request failed; empty if it succeeded. */
  failure: string;
  /** Pause after a failure, until the next request. */
  retryMs: number;
  /** Whether something else has changed what the page has drawn. */
  isRewritten: boolean;
  isPaused: boolean;
  /** Place, among the matching rows, of the row that the arrow keys have reached. */
  active: number;
  /** Place of the first rendered row. */
  first: number;
  /** Number of rendered rows. */
  drawn: number;
  /** Steps of hiding columns that have been taken so that the others fit. */
  steps: number;
  /** Height of the opened row's panel, in pixels. */
  panelHeight: number;
}

const DEFAULTS: Linked = { window: "minute", sort: "calls", order: "descending", filter: "", open: null };

export const LINKED = Object.keys(DEFAULTS) as (keyof Linked)[];

/** Nominal length of a window; 0 for the one since the start. */
export const WINDOW_SECONDS: Readonly<Record<PageWindow, number>> = { minute: 60, hour: 3600, start: 0 };

/** The valid values of keys that don't accept every text. */
const CHOICES: Readonly<Partial<Record<keyof Linked, readonly string[]>>> = {
  window: Object.keys(WINDOW_SECONDS),
  sort: ["service", ...COLUMNS.map(({ key }) => key)],
  order: ["ascending", "descending"],
};

/** Reads the state from a URL's fragment. Missing and invalid values take their default. */
export function readLink(hash: string): Linked {
  const link = new URLSearchParams(hash.slice(1));
  const read = (key: keyof Linked) => {
    const value = link.get(key);
    return value === null || CHOICES[key]?.includes(value) === false ? DEFAULTS[key] : value;
  };
  return Object.fromEntries(LINKED.map((key) => [key, read(key)])) as unknown as Linked;
}

/** The state as a URL's fragment, without values that equal their default. */
export function writeLink(state: Linked): string {
  const changed = LINKED.filter((key) => state[key] !== DEFAULTS[key]);
  return `#${new URLSearchParams(changed.map((key) => [key, String(state[key])]))}`;
}

/** The rows that match the filter, sorted. Rows without a value come last; equal ones sort by traffic, then by name. */
export function matchingRows({ data, filter, sort, order }: State): readonly PageRow[] {
  if (!data) return [];
  const wanted = filter.toLowerCase();
  const column = COLUMNS.find(({ key }) => key === sort);
  const sign = order === "descending" ? -1 : 1;
  return data.rows
    .filter(([name]) => name.toLowerCase().includes(wanted))
    .map((row) => ({ row, value: column ? column.value(row, data) : 0 }))
    .sort(({ row: a, value }, { row: b, value: other }) => {
      const byName = a[0] < b[0] ? -1 : 1;
      if (!column) return sign * byName;
      const missing = Number(Number.isNaN(value)) - Number(Number.isNaN(other));
      return missing || sign * (value - other) || traffic(b, data) - traffic(a, data) || byName;
    })
    .map(({ row }) => row);
}

/** Place of a service among `rows`; -1 if it is not there. */
export function placeOf(service: string | null, rows: readonly PageRow[]): number {
  return rows.findIndex(([name]) => name === service);
}
