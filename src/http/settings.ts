// The endpoint's options: their defaults and their checks.

import { DEFAULT_NAMING } from "../exposition/lines.js";
import { invalid } from "../model/errors.js";
import { type Check, type ChecksFor, checkedOptions, flag, isPlainObject, whole } from "../model/options.js";

/** Options of {@link metricsHandler} and {@link metricsListener}. */
export interface MetricsHandlerOptions {
  /**
   * What the names of all metrics begin with, without the underscore that follows: letters, digits, `_` and `:`, not
   * beginning with a digit. Default: `nrpc`.
   */
  prefix?: string;
  /**
   * Labels that are added to all samples, by name. Names consist of letters, digits and `_`, begin neither with a digit
   * nor with `__`, and are none of those that samples already have: `service`, `kind`, `le`, `quantile`, `result`.
   * Default: none.
   */
  labels?: Readonly<Record<string, string>>;
  /** Whether OpenMetrics has samples `_created`, which say when each service appeared. Default: false. */
  created?: boolean;
  /** Whether the metrics of the registry and of the endpoint itself follow those of the services. Default: true. */
  selfMetrics?: boolean;
  /** Whether to compress bodies if the client accepts it. Default: true, where the runtime has `CompressionStream`. */
  gzip?: boolean;
  /** Maximum number of scrapes at a time; any more are answered with 503. A whole number >= 1. Default: 10. */
  maxConcurrentScrapes?: number;
  /**
   * The time that a scrape may take, in milliseconds, unless the scraper's `X-Prometheus-Scrape-Timeout-Seconds` is
   * shorter. A whole number >= 1. Default: 60,000.
   */
  timeoutMs?: number;
  /** The event loop gets a turn after this many milliseconds of work on scrapes. Above 0. Default: 2. */
  sliceBudgetMs?: number;
}

export type Settings = Required<MetricsHandlerOptions>;

const RESERVED_LABELS = ["service", "kind", "le", "quantile", "result"];

/** All supported runtimes can; Bun since 1.3.3. */
const canCompress = typeof CompressionStream === "function";

const prefix: Check<string> = (value = DEFAULT_NAMING.prefix, name) => {
  if (typeof value === "string" && /^[a-zA-Z_:][\w:]*$/.test(value)) return value;
  throw invalid(name, "letters, digits, _ and :, not beginning with a digit", value, TypeError);
};

const labels: Check<Readonly<Record<string, string>>> = (value = {}, option) => {
  if (!isPlainObject(value)) throw invalid(option, "a plain object", value, TypeError);
  const copy = Object.entries(value);
  for (const [name, labelValue] of copy) {
    if (!/^(?!__)[a-zA-Z_]\w*$/.test(name) || RESERVED_LABELS.includes(name))
      throw invalid("label name", `letters, digits and _, but not ${RESERVED_LABELS.join(", ")} or __…`, name);
    if (typeof labelValue !== "string") throw invalid(`label ${name}`, "a string", labelValue, TypeError);
  }
  return Object.fromEntries(copy) as Record<string, string>;
};

const sliceBudgetMs: Check<number> = (value = 2, name) => {
  if (typeof value === "number" && value > 0) return value;
  throw invalid(name, "milliseconds above 0", value);
};

const CHECKS = {
  prefix,
  labels,
  created: flag(false),
  selfMetrics: flag(true),
  gzip: flag(canCompress),
  maxConcurrentScrapes: whole(10),
  timeoutMs: whole(60_000),
  sliceBudgetMs,
} satisfies ChecksFor<Settings>;

/** @throws TypeError or RangeError for a bad option. */
export function checkedSettings(options: MetricsHandlerOptions): Settings {
  return checkedOptions(options, CHECKS);
}
