// Asks for the data, again and again, one request at a time.

import type { PageData, PageWindow } from "../data.js";

const INTERVAL_MS = 2000;
const TIMEOUT_MS = 15_000;
/** Of the address that asks: servers take 8 kB of it or more. */
const MAX_ADDRESS = 6000;

export interface Wanted {
  readonly window: PageWindow;
  /** Services to tell in detail, the most wanted first. */
  readonly services: readonly string[];
}

export interface Polling {
  /** Asks at once, and drops what is under way. */
  now(): void;
  stop(): void;
}

/** Calls `got` with data, and `failed` with a sentence, until it is stopped. */
export function poll(wanted: () => Wanted, got: (data: PageData) => void, failed: (reason: string) => void): Polling {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asking: AbortController | undefined;

  async function ask(): Promise<void> {
    stop();
    const controller = new AbortController();
    asking = controller;
    const began = performance.now();
    const isLate = setTimeout(() => controller.abort(new Error("The server does not answer.")), TIMEOUT_MS);
    try {
      const response = await fetch(address(wanted()), { signal: controller.signal });
      if (!response.ok) throw new Error(`The server says ${response.status}: ${(await response.text()).slice(0, 300)}`);
      const data: PageData = await response.json();
      if (data.version !== 1) throw new Error("The server is of another release: load this page again.");
      if (asking === controller) got(data);
    } catch (error) {
      if (asking === controller) failed(sentence(controller.signal.reason ?? error));
    } finally {
      clearTimeout(isLate);
      // What takes long is asked for less often, so that looking costs the process no more than a tenth of a core.
      if (asking === controller) timer = setTimeout(ask, Math.max(INTERVAL_MS, 10 * (performance.now() - began)));
    }
  }

  function stop(): void {
    clearTimeout(timer);
    const dropped = asking;
    asking = undefined;
    dropped?.abort();
  }

  return { now: ask, stop };
}

/** The page's own, so that it works wherever it is mounted, and what was in its query, such as a token, goes along. */
function address({ window, services }: Wanted): string {
  const url = new URL(location.href);
  url.hash = "";
  url.searchParams.set("format", "json");
  url.searchParams.set("window", window);
  for (const service of services) {
    if (url.href.length + 9 * service.length > MAX_ADDRESS) continue;
    url.searchParams.append("service", service);
  }
  return url.href;
}

function sentence(error: unknown): string {
  // What fetch says of a server that is gone differs by browser and tells nothing.
  return error instanceof TypeError ? "The server can’t be reached." : String((error as Error)?.message ?? error);
}
