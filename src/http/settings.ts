// The endpoint's options: their defaults and their checks.

import { DEFAULT_NAMING } from "../exposition/lines.js";
import { invalid } from "../model/errors.js";
import { type Check, type ChecksFor, checkedOptions, flag, isPlainObject, whole } from "../model/options.js";
import { canCompress } from "../runtime/compression.js";

/** Options of {@link metricsHandler} and {@link metricsListener}. */
export interface MetricsHandlerOptions {
  /**
   * What the names of all metrics begin with, without the underscore that follows: letters, digits, `_` and `:`, neither
   * beginning with a digit nor ending with `_`. Default: `nrpc`.
   */
  prefix?: string;
  /**
   * The name of the label that has the name of the service. Choose another one, such as `rpc_service`, where Prometheus
   * gives targets a label `service` of their own, as for Kubernetes, and you can't set `honor_labels`. It consists of
   * letters, digits and `_`, begins neither with a digit nor with `__`, and is neither a label that samples already have,
   * `code`, `kind`, `le`, `quantile`, `result` or `state`, nor one that every target has, `job` or `instance`. Dashboard
   * and rules have to be made for it: see ops/README.md. Requests still select services with `?service=`. Default:
   * `service`.
   */
  serviceLabel?: string;
  /**
   * Labels that are added to all samples, by name. Names consist of letters, digits and `_`, begin neither with a digit
   * nor with `__`, and are none of those that samples already have: `serviceLabel`, `code`, `kind`, `le`, `quantile`,
   * `result`, `state`. Default: none.
   */
  labels?: Readonly<Record<string, string>>;
  /** Whether OpenMetrics has samples `_created`, which say when each service appeared. Default: false. */
  created?: boolean;
  /** Whether the metrics of the registry and of the endpoint itself follow those of the services. Default: true. */
  selfMetrics?: boolean;
  /** Whether to compress bodies if the client accepts it. Default: whether the host can: Bun can since 1.3.3. */
  gzip?: boolean;
  /**
   * Maximum number of scrapes that are worked on at a time. Those that share a compressed body, or whose clients pause,
   * are not counted, up to four times as many. Up to ten times as many wait for their turn, except in Workers; any more
   * are answered with 503. A whole number >= 1. Default: 10.
   */
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

/** Labels that samples have besides that of the service. */
const SAMPLE_LABELS = ["code", "kind", "le", "quantile", "result", "state"];
/** Labels that Prometheus gives to every target. Samples that have them, too, lose theirs. */
const TARGET_LABELS = ["job", "instance"];

/** Names that begin with `__` are Prometheus' own. */
const LABEL_NAME = /^(?!__)[a-zA-Z_]\w*$/;

const prefix: Check<string> = (value = DEFAULT_NAMING.prefix, name) => {
  if (typeof value === "string" && /^[a-zA-Z_:][\w:]*$/.test(value) && !value.endsWith("_")) return value;
  throw invalid(name, "letters, digits, _ and :, neither beginning with a digit nor ending with _", value, TypeError);
};

const serviceLabel: Check<string> = (value = DEFAULT_NAMING.serviceLabel, name) =>
  labelName(value, name, [...SAMPLE_LABELS, ...TARGET_LABELS]);

/** Copies the labels. `checkLabels` checks the copy, once it is known what the label of the service is called. */
const labels: Check<Readonly<Record<string, string>>> = (value = {}, option) => {
  if (isPlainObject(value)) return Object.fromEntries(Object.entries(value)) as Record<string, string>;
  throw invalid(option, "a plain object", value, TypeError);
};

function checkLabels({ labels, serviceLabel }: Settings): void {
  for (const [name, value] of Object.entries(labels)) {
    labelName(name, "label name", [serviceLabel, ...SAMPLE_LABELS]);
    if (typeof value !== "string") throw invalid(`label ${name}`, "a string", value, TypeError);
  }
}

function labelName(value: unknown, what: string, taken: readonly string[]): string {
  if (typeof value === "string" && LABEL_NAME.test(value) && !taken.includes(value)) return value;
  throw invalid(what, `letters, digits and _, but not ${taken.join(", ")} or __…`, value, TypeError);
}

const sliceBudgetMs: Check<number> = (value = 2, name) => {
  if (typeof value === "number" && value > 0) return value;
  throw invalid(name, "milliseconds above 0", value);
};

const gzip: Check<boolean> = (value = canCompress(), name) => {
  if (value === true && !canCompress())
    throw invalid(name, "false where the host has no CompressionStream", value, TypeError);
  return flag(false)(value, name);
};

const CHECKS = {
  prefix,
  serviceLabel,
  labels,
  created: flag(false),
  selfMetrics: flag(true),
  gzip,
  maxConcurrentScrapes: whole(10),
  timeoutMs: whole(60_000),
  sliceBudgetMs,
} satisfies ChecksFor<Settings>;

/** @throws TypeError or RangeError for a bad option. */
export function checkedSettings(options: MetricsHandlerOptions): Settings {
  const settings = checkedOptions(options, CHECKS);
  checkLabels(settings);
  return settings;
}
