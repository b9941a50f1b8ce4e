// Answers requests for the page and its data, and samples the registry in between.

import { invalid, reasonOf } from "../model/errors.js";
import { checkedSource, type SnapshotSource } from "../model/source.js";
import { every } from "../runtime/timer.js";
import type { Exchange, Reply } from "../server/adapters.js";
import { yieldingScheduler } from "../server/yielding.js";
import { History, TICK_MS } from "./history.js";
import { freshNonce, isNonce, pageHtml, policy } from "./html.js";
import { pageJson } from "./json.js";
import { parseQuery, type Query } from "./query.js";
import { type SampleWithServices, takeSample } from "./sample.js";

/** Of each turn of the event loop; a piece begins within it and takes less than a millisecond. */
const SLICE_BUDGET_MS = 1;

const HTML = "text/html; charset=utf-8";
const JSON_TYPE = "application/json; charset=utf-8";
const TEXT = "text/plain; charset=utf-8";

/** Returns the nonce of the app's own policy; may throw or return anything. */
type NonceSource = (() => unknown) | undefined;

export type PageResponder = (exchange: Exchange, nonce: NonceSource) => Promise<Reply>;

export function startPage(source: SnapshotSource): { respond: PageResponder; close(): void } {
  const page = new Page(checkedSource(source));
  return { respond: (exchange, nonce) => page.respond(exchange, nonce), close: () => page.close() };
}

class Page {
  readonly #source: SnapshotSource;
  readonly #history = new History(yieldingScheduler(SLICE_BUDGET_MS));
  readonly #stopTimer: (() => void) | undefined;
  /** Whether a sample for the history is under way; a slow source is not asked for another one meanwhile. */
  #isSampling = false;

  constructor(source: SnapshotSource) {
    this.#source = source;
    this.#stopTimer = sampleRegularly(this);
    // Without timers, as at a Worker's start, there is no clock either: the first sample is then that of a request.
    if (this.#stopTimer) this.sample();
  }

  close(): void {
    this.#stopTimer?.();
  }

  async respond(exchange: Exchange, nonce: NonceSource): Promise<Reply> {
    const { method, url } = exchange;
    const isHead = method === "HEAD";
    if (method !== "GET" && !isHead) return reply(405, TEXT, `${method} is not allowed\n`, { allow: "GET, HEAD" });
    let query: Query;
    try {
      query = parseQuery(url);
    } catch (error) {
      return withoutBody(isHead, reply(400, TEXT, `${(error as Error).message}\n`));
    }
    return withoutBody(isHead, query.format === "json" ? await this.#data(query, isHead) : html(nonce));
  }

  /** Does nothing if there is no snapshot, as for a detached registry: requests report that. */
  sample(): void {
    if (this.#isSampling || this.#history.isPacking) return;
    try {
      const taken = takeSample(this.#source);
      if (taken instanceof Promise) this.#keepLater(taken);
      else this.#history.add(taken).catch(() => {});
    } catch {}
  }

  async #keepLater(taken: Promise<SampleWithServices>): Promise<void> {
    this.#isSampling = true;
    try {
      await this.#history.add(await taken);
    } catch {
    } finally {
      this.#isSampling = false;
    }
  }

  async #data(query: Query, isHead: boolean): Promise<Reply> {
    let now: SampleWithServices;
    try {
      now = await takeSample(this.#source);
    } catch (error) {
      return reply(503, TEXT, `The registry gives no snapshot: ${reasonOf(error)}\n`);
    }
    const history = this.#history;
    history.forgetOthers(now);
    // Chosen before `now` is added, because a window that began at `now` would be empty.
    const base = history.base(query.window, now);
    if (history.isDue(now.atMs)) await history.add(now);
    return reply(
      200,
      JSON_TYPE,
      isHead ? "" : await pageJson(query, now, { base: await base(), ticks: history.ticks }),
    );
  }
}

/**
 * Has the page take samples for as long as something other than the timer refers to it, as its handler does. So a
 * handler that is dropped without `close()`, as by a hot reload, keeps neither its registry nor its history alive.
 */
function sampleRegularly(page: Page): (() => void) | undefined {
  const reference = weakReference(page);
  const stop = every(TICK_MS, () => {
    const found = reference.deref();
    if (found) found.sample();
    else stop?.();
  });
  return stop;
}

/** A strong reference in Workers with a compatibility date before 2025-05-05, where there is no WeakRef. */
function weakReference<T extends object>(target: T): Pick<WeakRef<T>, "deref"> {
  return typeof WeakRef === "function" ? new WeakRef(target) : { deref: () => target };
}

/** With the app's nonce the page sets no policy, because the app has its own. */
function html(nonce: NonceSource): Reply {
  if (!nonce) {
    const fresh = freshNonce();
    return reply(200, HTML, pageHtml(fresh), { "content-security-policy": policy(fresh) });
  }
  let given: unknown;
  try {
    given = nonce();
  } catch (error) {
    return reply(500, TEXT, `nonce() threw: ${reasonOf(error)}\n`);
  }
  if (isNonce(given)) return reply(200, HTML, pageHtml(given));
  return reply(500, TEXT, `${invalid("what nonce() returns", "base64", given, TypeError).message}\n`);
}

function reply(status: number, type: string, body: string, headers: Record<string, string> = {}): Reply {
  return {
    status,
    headers: {
      "content-type": type,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      ...headers,
    },
    body,
  };
}

function withoutBody(isHead: boolean, { body, ...head }: Reply): Reply {
  return isHead || body === undefined ? head : { ...head, body };
}
