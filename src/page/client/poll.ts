// Polls the page's data from the server.

import type { PageData, PageWindow } from "../page-data.js";
import { timeSpan } from "./format.js";

const INTERVAL_MS = 2000;
/** The longest pause that follows from a slow reply, or none. */
const MAX_PAUSE_MS = 30_000;
const TIMEOUT_MS = 15_000;
/** A reply that comes later than expected by this much is late. */
const SPARE_MS = 2000;
/** The longest pause that a server can ask for. */
const MAX_RETRY_AFTER_MS = 600_000;
/** Longest request URL, in characters. Servers accept 8 kB or more. */
const MAX_URL_LENGTH = 6000;
/** Services whose details one request may ask for. The server refuses more. */
const MAX_SERVICES = 200;
/** Characters of the server's error text that are shown. */
const MAX_ERROR_LENGTH = 200;

export interface Query {
  readonly window: PageWindow;
  /** Services whose details are wanted, the most important first. */
  readonly services: readonly string[];
}

/** Times in ms of `performance.now()`. */
export interface Received {
  readonly data: PageData;
  /** When it was asked for: the numbers are no older. */
  readonly atMs: number;
  /** When newer data should have arrived. */
  readonly lateAtMs: number;
}

export interface Failure {
  /** A sentence for the user. */
  readonly failure: string;
  /** Pause until the next request. */
  readonly retryMs: number;
}

export interface Polling {
  /** Sends a request, at once unless the server has asked for a pause; the reply to any earlier one is ignored. */
  now(): void;
  stop(): void;
}

/** A failure that is not a bug of the page. */
class RequestError extends Error {
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs = 0) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

/** Polls from `now()` until `stop()`. */
export function poll(
  query: () => Query,
  onData: (received: Received) => void,
  onFailure: (failure: Failure) => void,
): Polling {
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** Of the request under way. */
  let controller: AbortController | undefined;
  /** When the pause that the server has asked for ends. */
  let notBeforeMs = 0;

  async function now(): Promise<void> {
    stop();
    const startMs = performance.now();
    if (startMs < notBeforeMs) {
      timer = setTimeout(now, notBeforeMs - startMs);
      return;
    }
    const request = new AbortController();
    controller = request;
    let data: PageData | undefined;
    let error: unknown;
    try {
      data = await load(requestUrl(query()), request);
    } catch (thrown) {
      error = thrown;
    }
    if (request !== controller) return; // a later request has been sent, or none is wanted
    const endMs = performance.now();
    const retryAfterMs = error instanceof RequestError ? error.retryAfterMs : 0;
    // The slower the reply, the longer the pause, so that an open page costs the server at most a tenth of a core.
    const fairPauseMs = Math.min(10 * (endMs - startMs), MAX_PAUSE_MS);
    const pauseMs = Math.max(INTERVAL_MS, fairPauseMs, retryAfterMs);
    notBeforeMs = endMs + retryAfterMs;
    timer = setTimeout(now, pauseMs);
    try {
      if (!data) throw error;
      onData({ data, atMs: startMs, lateAtMs: endMs + pauseMs + 2 * (endMs - startMs) + SPARE_MS });
    } catch (thrown) {
      const failure = thrown instanceof RequestError ? thrown.message : `The server’s data can’t be shown: ${thrown}`;
      onFailure({ failure, retryMs: pauseMs });
    }
  }

  function stop(): void {
    clearTimeout(timer);
    const request = controller;
    controller = undefined;
    request?.abort();
  }

  return { now, stop };
}

/** @throws RequestError if there is no data. */
async function load(url: string, request: AbortController): Promise<PageData> {
  let isTimedOut = false;
  const timer = setTimeout(() => {
    isTimedOut = true;
    request.abort();
  }, TIMEOUT_MS);
  try {
    const response = await fetch(url, { signal: request.signal });
    if (!response.ok) throw new RequestError(await errorText(response), retryAfterMs(response));
    const data: PageData | null = parsed(await response.text());
    if (data?.version !== 1) throw new RequestError("The server has been updated: reload this page.");
    return data;
  } catch (error) {
    if (error instanceof RequestError) throw error;
    if (isTimedOut) throw new RequestError(`The server has not answered for ${timeSpan(TIMEOUT_MS / 1000)}.`);
    // The message of fetch for an unreachable server differs by browser and explains nothing.
    throw new RequestError("Connection lost: the server can’t be reached.");
  } finally {
    clearTimeout(timer);
  }
}

function parsed(text: string): PageData | null {
  try {
    return JSON.parse(text);
  } catch {
    throw new RequestError(
      "The server’s reply is not this page’s data. Reload this page: you may have to log in again.",
    );
  }
}

/** A sentence about an error response. HTML is not quoted, because a proxy's error is usually a whole page. */
async function errorText(response: Response): Promise<string> {
  const text = (await response.text()).trim();
  const reason = text.startsWith("<") ? response.statusText : text.slice(0, MAX_ERROR_LENGTH);
  return `The server says ${response.status}${reason && `: ${reason}`}`;
}

/** The header Retry-After is a number of seconds or, from some proxies, a date. */
function retryAfterMs({ headers }: Response): number {
  const value = headers.get("retry-after") ?? "";
  const ms = /^\d+$/.test(value) ? 1000 * Number(value) : Date.parse(value) - Date.now();
  return ms > 0 ? Math.min(ms, MAX_RETRY_AFTER_MS) : 0;
}

/** The page's own URL, so that the page works wherever it is mounted. Other parameters, such as a token, are kept. */
function requestUrl({ window, services }: Query): string {
  const url = new URL(location.href);
  const { searchParams } = url;
  url.hash = "";
  searchParams.set("format", "json");
  searchParams.set("window", window);
  searchParams.delete("service");
  let { length } = url.href;
  for (const service of services.slice(0, MAX_SERVICES)) {
    const added = `&${new URLSearchParams({ service })}`.length;
    if (length + added > MAX_URL_LENGTH) continue; // a shorter name may fit
    searchParams.append("service", service);
    length += added;
  }
  return url.href;
}
