// The endpoint's options: their defaults and their checks.

import { invalid } from "../model/errors.js";
import { type Check, type ChecksFor, checkedOptions, flag, whole } from "../model/options.js";

/** Options of {@link metricsHandler} and {@link metricsListener}. */
export interface MetricsHandlerOptions {
  /** What the names of all metrics begin with, before an underscore: letters, digits, `_` and `:`. Default: `nrpc`. */
  prefix?: string;
  /**
   * Labels that all samples get, by name. Names consist of letters, digits and `_`, and are not those that samples have
   * anyway: `service`, `kind`, `le`, `quantile`, `result`. Default: none.
   */
  labels?: Readonly<Record<string, string>>;
  /** Whether OpenMetrics says when each service appeared, in samples `_created`. Default: false. */
  created?: boolean;
  /** Whether the metrics of the registry and of the endpoint itself follow those of the services. Default: true. */
  selfMetrics?: boolean;
  /** Whether to compress bodies if the client accepts it. Default: true, where the runtime has `CompressionStream`. */
  gzip?: boolean;
  /** The greatest number of scrapes under way; one more is answered with 503. At least 1. Default: 10. */
  maxConcurrentScrapes?: number;
  /**
   * The time that a scrape may take, in milliseconds, or what the scraper's `X-Prometheus-Scrape-Timeout-Seconds` says
   * if that is less. At least 1. Default: 60,000.
   */
  timeoutMs?: number;
  /** The event loop gets a turn after this many milliseconds of work on scrapes. Above 0. Default: 2. */
  sliceBudgetMs?: number;
}

export type Settings = Required<MetricsHandlerOptions>;

const RESERVED_LABELS = ["service", "kind", "le", "quantile", "result"];

/** All runtimes can, Bun since 1.3.3. */
const canCompress = typeof CompressionStream === "function";

const prefix: Check<string> = (value = "nrpc", name) => {
  if (typeof value === "string" && /^[a-zA-Z_:][\w:]*$/.test(value)) return value;
  throw invalid(name, "letters, digits, _ and :, not beginning with a digit", value, TypeError);
};

const labels: Check<Readonly<Record<string, string>>> = (value = {}, option) => {
  if (typeof value !== "object" || value === null || Symbol.iterator in value)
    throw invalid(option, "a plain object", value, TypeError);
  const copy: [string, string][] = Object.entries(value);
  for (const [name, text] of copy) {
    if (!/^(?!__)[a-zA-Z_]\w*$/.test(name) || RESERVED_LABELS.includes(name))
      throw invalid("label name", `letters, digits and _, but not ${RESERVED_LABELS.join(", ")} or __…`, name);
    if (typeof text !== "string") throw invalid(`label ${name}`, "a string", text, TypeError);
  }
  return Object.fromEntries(copy);
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
