// What the page shows, and its part that a link carries.

import type { PageData, PageRow, PageWindow } from "../data.js";
import { COLUMNS } from "./columns.js";

export interface State {
  data?: PageData;
  /** When the data came, in milliseconds of `performance.now()`. */
  atMs: number;
  /** What went wrong when last asked; empty when nothing did. */
  failure: string;
  isPaused: boolean;
  window: PageWindow;
  /** Key of a column, or `service`. */
  sort: string;
  isDescending: boolean;
  filter: string;
  /** The service whose row is open. */
  open: string | undefined;
  /** Place in the view of the row that the arrow keys have reached. */
  active: number;
  /** Place of the first row that is drawn. */
  first: number;
  /** So many rows are drawn. */
  drawn: number;
  /** Pixels that the opened row's panel takes. */
  panelHeight: number;
}

const WINDOWS: readonly string[] = ["minute", "hour", "start"];

type Linked = Pick<State, "window" | "sort" | "isDescending" | "filter" | "open">;

export function readLink(hash: string): Linked {
  const link = new URLSearchParams(hash.slice(1));
  const window = link.get("window") ?? "";
  const sort = link.get("sort") ?? "";
  const isColumn = sort === "service" || COLUMNS.some(({ key }) => key === sort);
  return {
    window: WINDOWS.includes(window) ? (window as PageWindow) : "minute",
    sort: isColumn ? sort : "calls",
    isDescending: link.get("order") !== "ascending",
    filter: link.get("filter") ?? "",
    open: link.get("open") ?? undefined,
  };
}

export function writeLink({ window, sort, isDescending, filter, open }: Linked): string {
  const link = new URLSearchParams({ window, sort, order: isDescending ? "descending" : "ascending" });
  if (filter) link.set("filter", filter);
  if (open !== undefined) link.set("open", open);
  return `#${link}`;
}

/** The rows to show, in order. Those without a value come last; equal ones by what they do, then by name. */
export function rowsInView({ data, filter, sort, isDescending }: State): readonly PageRow[] {
  if (!data) return [];
  const wanted = filter.toLowerCase();
  const rows = data.rows.filter(([name]) => name.toLowerCase().includes(wanted));
  const column = COLUMNS.find(({ key }) => key === sort);
  const sign = isDescending ? -1 : 1;
  const byName = (a: PageRow, b: PageRow) => (a[0] < b[0] ? -1 : 1);
  if (!column) return rows.sort((a, b) => sign * byName(a, b));
  return rows
    .map((row) => ({ row, value: column.value(row, data) }))
    .sort((a, b) => {
      const missing = Number(Number.isNaN(a.value)) - Number(Number.isNaN(b.value));
      if (missing) return missing;
      return sign * (a.value - b.value) || b.row[1] + b.row[10] - a.row[1] - a.row[10] || byName(a.row, b.row);
    })
    .map(({ row }) => row);
}
