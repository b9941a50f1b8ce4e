// Polls the page's data from the server.

import type { PageData, PageWindow } from "../page-data.js";

const INTERVAL_MS = 2000;
const TIMEOUT_MS = 15_000;
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

export interface Polling {
  /** Sends a request at once, and ignores the reply to any earlier one. */
  now(): void;
  stop(): void;
}

/** Polls from `now()` until `stop()`. Calls `onData` with the data, or `onFailure` with a sentence for the user. */
export function poll(
  query: () => Query,
  onData: (data: PageData) => void,
  onFailure: (reason: string) => void,
): Polling {
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** Incremented by each request, so that only the reply to the last one is used. */
  let requestNumber = 0;

  async function now(): Promise<void> {
    stop();
    const number = requestNumber;
    const startMs = performance.now();
    let report: () => void;
    try {
      const response = await fetch(requestUrl(query()), { signal: AbortSignal.timeout(TIMEOUT_MS) });
      if (!response.ok) throw new Error(await errorText(response));
      const data: PageData = await response.json();
      if (data.version !== 1) throw new Error("The server has been updated: reload this page.");
      report = () => onData(data);
    } catch (error) {
      // The message of fetch for an unreachable server differs by browser and explains nothing.
      report = () =>
        onFailure(
          error instanceof TypeError ? "Connection lost: the server can’t be reached." : (error as Error).message,
        );
    }
    if (number !== requestNumber) return;
    // The slower the reply, the longer the pause, so that an open page costs the server at most a tenth of a core.
    timer = setTimeout(now, Math.max(INTERVAL_MS, 10 * (performance.now() - startMs)));
    report();
  }

  function stop(): void {
    clearTimeout(timer);
    requestNumber++;
  }

  return { now, stop };
}

/** A sentence about an error response. HTML is not quoted, because a proxy's error is usually a whole page. */
async function errorText(response: Response): Promise<string> {
  const text = (await response.text()).trim();
  const reason = text.startsWith("<") ? response.statusText : text.slice(0, MAX_ERROR_LENGTH);
  return `The server says ${response.status}${reason && `: ${reason}`}`;
}

/** The page's own URL, so that the page works wherever it is mounted. Other parameters, such as a token, are kept. */
function requestUrl({ window, services }: Query): string {
  const url = new URL(location.href);
  const { searchParams } = url;
  url.hash = "";
  searchParams.set("format", "json");
  searchParams.set("window", window);
  searchParams.delete("service");
  for (const service of services.slice(0, MAX_SERVICES)) {
    // Escaped, a UTF-16 code unit takes at most nine characters.
    if (url.href.length + 9 * service.length < MAX_URL_LENGTH) searchParams.append("service", service);
  }
  return url.href;
}
