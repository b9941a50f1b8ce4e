// The page's JSON, version 1: within a version, fields and columns are added, and never changed.

import type { RpcStatus } from "../model/status.js";

/** Where a window begins: about a minute ago, about an hour ago, or when the handler was created. */
export type PageWindow = "minute" | "hour" | "start";

/**
 * One service in a window: the values of {@link PageData.columns}, in their order. Quantiles are in seconds, rounded to
 * six significant digits, interpolated as PromQL's histogram_quantile does; null without observations in the window.
 * Gauges are as of now; all other numbers are counts within the window: `callFaults` the failed calls but for errors of the
 * caller, so that all of those without a status count; `handlerAnswers` the runs whose
 * status is known; `handlerErrors` those of them that were not `ok`; `handlerFaults` the same but for errors of the
 * caller.
 */
export type PageRow = readonly [
  service: string,
  calls: number,
  errorsNoRoute: number,
  errorsTimeout: number,
  errorsServer: number,
  errorsTransport: number,
  inFlight: number,
  latencyP50: number | null,
  latencyP95: number | null,
  latencyP99: number | null,
  handlerInvocations: number,
  handlerPanics: number,
  handlerInFlight: number,
  handlerDurationP50: number | null,
  handlerDurationP95: number | null,
  handlerDurationP99: number | null,
  streamingChunksEmitted: number,
  streamingChunksDropped: number,
  capabilityDenied: number,
  callFaults: number,
  handlerAnswers: number,
  handlerErrors: number,
  handlerFaults: number,
  ...added: (number | null)[],
];

/** Counts by status, of those that occurred in the window. */
export type AnswerCounts = Readonly<Partial<Record<RpcStatus, number>>>;

/** More about one service, one of those that the request names. */
export interface PageDetail {
  /** Its name. */
  readonly service: string;
  /** Calls in the window by latency: one count for each of {@link PageData.buckets} and one above; not cumulative. */
  readonly latency: readonly number[];
  /** Handler runs in the window by duration, likewise. */
  readonly handlerDuration: readonly number[];
  /** Calls per second, one number for each of {@link PageData.sparkSeconds}; does not depend on the window. */
  readonly calls: readonly number[];
  /** Failed calls per second, likewise. */
  readonly errors: readonly number[];
  /** Handler runs per second, likewise. */
  readonly handlerInvocations: readonly number[];
  /** Failed calls per second but for errors of the caller, likewise. */
  readonly callFaults: readonly number[];
  /** Handler runs per second that answered with an error but for errors of the caller, likewise. */
  readonly handlerFaults: readonly number[];
  /** Calls in the window by status; calls without a status are in none. */
  readonly callStatuses: AnswerCounts;
  /** Handler runs in the window by status, likewise. */
  readonly handlerStatuses: AnswerCounts;
}

/** The reply to `?format=json`. */
export interface PageData {
  /** Rises only with incompatible changes: additions leave it as it is. */
  readonly version: 1;
  /** The window that the request asked for. */
  readonly window: PageWindow;
  /**
   * The true length of the window: counts divided by it are rates per second. Shorter than the window's name says while
   * the handler is younger than that, and otherwise off by up to a twelfth while the timer runs. Without the timer, a
   * window begins when somebody last looked, which can be much longer ago. 0 when nothing was sampled before.
   */
  readonly spanSeconds: number;
  /** Upper bounds of the buckets of both histograms, in seconds, inclusive. */
  readonly buckets: readonly number[];
  /** Number of lookups so far that returned the shared set `__overflow__`. */
  readonly overflowLookups: number;
  /** The names of a row's values. */
  readonly columns: readonly string[];
  /** All services, in the order of the bytes of their UTF-8 names. */
  readonly rows: readonly PageRow[];
  /**
   * The lengths of the intervals that the rates in details cover, the oldest first: up to 60, together the last five
   * minutes while the timer runs.
   */
  readonly sparkSeconds: readonly number[];
  /** The services that the request names with `service=`, except those that don't exist. */
  readonly details: readonly PageDetail[];
}
