// What the page shows, and its part that a link carries.

import type { PageData, PageRow, PageWindow } from "../data.js";
import { COLUMNS } from "./columns.js";

/** What a link carries, as in its text. */
interface Linked {
  window: PageWindow;
  /** Key of a column, or `service`. */
  sort: string;
  order: "ascending" | "descending";
  filter: string;
  /** The service whose row is open. */
  open: string | null;
}

export interface State extends Linked {
  data?: PageData;
  /** When the data came, in milliseconds of `performance.now()`. */
  atMs: number;
  /** What went wrong when last asked; empty when nothing did. */
  failure: string;
  isPaused: boolean;
  /** Place in the view of the row that the arrow keys have reached. */
  active: number;
  /** Place of the first row that is drawn. */
  first: number;
  /** So many rows are drawn. */
  drawn: number;
  /** Of the window, in pixels. */
  width: number;
  /** Pixels that the opened row's panel takes. */
  panelHeight: number;
}

const DEFAULTS: Linked = { window: "minute", sort: "calls", order: "descending", filter: "", open: null };

export const LINKED = Object.keys(DEFAULTS) as (keyof Linked)[];

/** How long a window is meant to be; 0 for what has no length of its own. */
export const WINDOW_SECONDS: Readonly<Record<PageWindow, number>> = { minute: 60, hour: 3600, start: 0 };

/** The words that there are where not every text will do. */
const CHOICES: Readonly<Partial<Record<keyof Linked, readonly string[]>>> = {
  window: Object.keys(WINDOW_SECONDS),
  sort: ["service", ...COLUMNS.map(({ key }) => key)],
  order: ["ascending", "descending"],
};

/** What a link doesn't say, or says in words that there are not, is as it is by default. */
export function readLink(hash: string): Linked {
  const link = new URLSearchParams(hash.slice(1));
  const read = (key: keyof Linked) => {
    const said = link.get(key);
    return said === null || CHOICES[key]?.includes(said) === false ? DEFAULTS[key] : said;
  };
  return Object.fromEntries(LINKED.map((key) => [key, read(key)])) as unknown as Linked;
}

/** Without what is as it is by default. */
export function writeLink(state: Linked): string {
  const said = LINKED.filter((key) => state[key] !== DEFAULTS[key]);
  return `#${new URLSearchParams(said.map((key) => [key, String(state[key])]))}`;
}

/** The rows to show, in order. Those without a value come last; equal ones by what they do, then by name. */
export function rowsInView({ data, filter, sort, order }: State): readonly PageRow[] {
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
      return missing || sign * (value - other) || b[1] + b[10] - a[1] - a[10] || byName;
    })
    .map(({ row }) => row);
}

/** Where a service is in the view, or -1. */
export function placeOf(service: string | null, rows: readonly PageRow[]): number {
  return rows.findIndex(([name]) => name === service);
}
