// The endpoint's options: their defaults, and what is said of bad ones.

import { checkedWhole, invalid } from "../errors.js";

export interface MetricsHandlerOptions {
  /** What the names of all metrics begin with, before an underscore: letters, digits, `_` and `:`. Default: `nrpc`. */
  prefix?: string;
  /**
   * Labels that all samples get, by name. Names are of letters, digits and `_`, and not those that samples have anyway:
   * `service`, `kind`, `le`, `quantile`, `result`. Default: none.
   */
  labels?: Readonly<Record<string, string>>;
  /** Whether OpenMetrics tells when each service appeared, as samples `_created`. Default: false. */
  created?: boolean;
  /** Whether the registry's and the endpoint's own metrics stand at the end. Default: true. */
  selfMetrics?: boolean;
  /** Whether bodies are compressed for who accepts it. Default: true, where the runtime has `CompressionStream`. */
  gzip?: boolean;
  /** So many scrapes may be under way; one more is answered with 503. At least 1. Default: 10. */
  maxConcurrentScrapes?: number;
  /**
   * A scrape may take so many milliseconds, or what the scraper's `X-Prometheus-Scrape-Timeout-Seconds` says if that is
   * less. At least 1. Default: 60,000.
   */
  timeoutMs?: number;
  /** The event loop gets its turn after so many milliseconds of work on scrapes. Above 0. Default: 2. */
  sliceBudgetMs?: number;
}

export type Settings = Required<MetricsHandlerOptions>;

const RESERVED = ["service", "kind", "le", "quantile", "result"];

/** Bun can since 1.3.3, all others for long. */
const canCompress = typeof CompressionStream === "function";

/** @throws TypeError or RangeError for a bad option. */
export function settingsOf(options: MetricsHandlerOptions): Settings {
  const {
    prefix = "nrpc",
    labels = {},
    created = false,
    selfMetrics = true,
    gzip = canCompress,
    maxConcurrentScrapes = 10,
    timeoutMs = 60_000,
    sliceBudgetMs = 2,
  } = options;
  if (typeof prefix !== "string" || !/^[a-zA-Z_:][\w:]*$/.test(prefix))
    throw invalid("prefix", "letters, digits, _ and :, not beginning with a digit", prefix, TypeError);
  for (const [name, value] of Object.entries({ created, selfMetrics, gzip })) {
    if (typeof value !== "boolean") throw invalid(name, "true or false", value, TypeError);
  }
  if (Object(labels) !== labels || Symbol.iterator in labels)
    throw invalid("labels", "a plain object", labels, TypeError);
  for (const [name, value] of Object.entries(labels)) {
    if (!/^(?!__)[a-zA-Z_]\w*$/.test(name) || RESERVED.includes(name))
      throw invalid("label name", `letters, digits and _, but not ${RESERVED.join(", ")} or __…`, name);
    if (typeof value !== "string") throw invalid(`label ${name}`, "a string", value, TypeError);
  }
  checkedWhole("maxConcurrentScrapes", maxConcurrentScrapes);
  checkedWhole("timeoutMs", timeoutMs);
  if (!(sliceBudgetMs > 0)) throw invalid("sliceBudgetMs", "milliseconds above 0", sliceBudgetMs);
  return { prefix, labels, created, selfMetrics, gzip, maxConcurrentScrapes, timeoutMs, sliceBudgetMs };
}
