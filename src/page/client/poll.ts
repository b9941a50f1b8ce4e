// Asks for the data, again and again.

import type { PageData, PageWindow } from "../data.js";

const INTERVAL_MS = 2000;
const TIMEOUT_MS = 15_000;
/** Of the address that asks: servers take 8 kB of it or more. */
const MAX_ADDRESS = 6000;
/** So many the server tells in detail, and refuses more. */
const MAX_SERVICES = 200;
/** Characters of what the server says when something is wrong. */
const MAX_SAID = 200;

export interface Wanted {
  readonly window: PageWindow;
  /** Services to tell in detail, the most wanted first. */
  readonly services: readonly string[];
}

export interface Polling {
  /** Asks at once; what was asked before is no longer wanted. */
  now(): void;
  stop(): void;
}

/** Calls `got` with data, or `failed` with a sentence, until it is stopped. */
export function poll(wanted: () => Wanted, got: (data: PageData) => void, failed: (reason: string) => void): Polling {
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** Counts what was asked, so that only the last answer is heard. */
  let asked = 0;

  async function now(): Promise<void> {
    stop();
    const number = asked;
    const began = performance.now();
    let tell: () => void;
    try {
      const response = await fetch(address(wanted()), { signal: AbortSignal.timeout(TIMEOUT_MS) });
      if (!response.ok) throw new Error(await refusal(response));
      const data: PageData = await response.json();
      if (data.version !== 1) throw new Error("The server has changed: load this page again.");
      tell = () => got(data);
    } catch (error) {
      // What fetch says of a server that is gone differs by browser and tells nothing.
      tell = () =>
        failed(error instanceof TypeError ? "Connection lost: the server can’t be reached." : (error as Error).message);
    }
    if (number !== asked) return;
    // What takes long is asked for less often, so that looking costs the process no more than a tenth of a core.
    timer = setTimeout(now, Math.max(INTERVAL_MS, 10 * (performance.now() - began)));
    tell();
  }

  function stop(): void {
    clearTimeout(timer);
    asked++;
  }

  return { now, stop };
}

/** Of a response that is an error. What a proxy says of its own is mostly a whole page: markup, and long. */
async function refusal(response: Response): Promise<string> {
  const text = (await response.text()).trim();
  const said = text.startsWith("<") ? response.statusText : text.slice(0, MAX_SAID);
  return `The server says ${response.status}${said && `: ${said}`}`;
}

/** The page's own, so that it works wherever it is mounted, and what was in its query, such as a token, goes along. */
function address({ window, services }: Wanted): string {
  const url = new URL(location.href);
  const { searchParams } = url;
  url.hash = "";
  searchParams.set("format", "json");
  searchParams.set("window", window);
  searchParams.delete("service");
  for (const service of services.slice(0, MAX_SERVICES)) {
    // A character takes nine at most.
    if (url.href.length + 9 * service.length < MAX_ADDRESS) searchParams.append("service", service);
  }
  return url.href;
}
