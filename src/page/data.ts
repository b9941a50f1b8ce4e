// What the page's JSON holds, version 1.

/** Where a window begins: about a minute ago, about an hour ago, or when the handler was made. */
export type PageWindow = "minute" | "hour" | "start";

/**
 * One service in a window, as compact as JSON gets: the values of {@link PageData.columns} in their order.
 * Quantiles are in seconds, rounded to six digits, interpolated as PromQL's histogram_quantile does; null without
 * observations in the window. In flight is now, all other numbers are counts within the window.
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
];

/** What is told only of services that were asked for. */
export interface PageDetail {
  readonly service: string;
  /** Calls of the window by latency, one count for each of {@link PageData.buckets} and one above; not cumulative. */
  readonly latency: readonly number[];
  /** Handler runs of the window by duration, likewise. */
  readonly handlerDuration: readonly number[];
  /** Calls a second, one number for each of {@link PageData.sparkSeconds}; it does not depend on the window. */
  readonly calls: readonly number[];
  /** Failed calls a second, likewise. */
  readonly errors: readonly number[];
  /** Handler runs a second, likewise. */
  readonly handlerInvocations: readonly number[];
}

/** The reply to `?format=json`. */
export interface PageData {
  readonly version: 1;
  readonly window: PageWindow;
  /**
   * The true length of the window. It is what counts divide by to give rates: less than the window's name
   * says while the process is younger, and off by up to a twelfth otherwise, while the timer runs. Without it a window
   * begins when somebody last looked, and so can be longer by far. 0 when nothing was sampled before.
   */
  readonly spanSeconds: number;
  /** Upper bounds of the buckets of both histograms, in seconds, inclusive. */
  readonly buckets: readonly number[];
  /** Lookups so far whose name had to share the service `__overflow__`. */
  readonly overflowLookups: number;
  /** Names of what a row holds. */
  readonly columns: readonly string[];
  /** All services, in the order of the bytes of their UTF-8 names. */
  readonly rows: readonly PageRow[];
  /** Length of the stretches that the details' rates are of, the oldest first: together the last five minutes. */
  readonly sparkSeconds: readonly number[];
  /** The services asked for with `service=`; those that don't exist are left out. */
  readonly details: readonly PageDetail[];
}
