// Answers requests for the page and its data, and samples the registry in between.

import { invalid, reasonOf } from "../model/errors.js";
import { checkedSource, type SnapshotSource } from "../model/source.js";
import { every } from "../runtime/timer.js";
import type { Exchange, Reply } from "../server/adapters.js";
import { Admission, pageTraffic } from "../server/admission.js";
import { bodyOf } from "../server/body.js";
import { paced } from "../server/pace.js";
import { COMMON_HEADERS, notAllowed, plainText } from "../server/replies.js";
import { Rounds } from "../server/rounds.js";
import { SharedBody } from "../server/shared-body.js";
import { History, TICK_MS, type Tick } from "./history.js";
import { type AllowedHosts, isAllowedHost } from "./hosts.js";
import { freshNonce, isNonce, pageHtml, policy } from "./html.js";
import { jsonPieces } from "./json.js";
import type { PageWindow } from "./page-data.js";
import { parseQuery, type Query } from "./query.js";
import { type Sample, type SampleWithServices, takeSample } from "./sample.js";

const HTML = "text/html; charset=utf-8";
const JSON_TYPE = "application/json; charset=utf-8";

/** Responses under way at a time; viewers ask again every two seconds, and can wait. */
const PLACES = 10;
const TIMEOUT_MS = 60_000;

/** Returns the nonce of the app's own policy; may throw or return anything. */
type NonceSource = (() => unknown) | undefined;

export type PageResponder = (exchange: Exchange, nonce: NonceSource) => Promise<Reply>;

export function startPage(
  source: SnapshotSource,
  allowedHosts: AllowedHosts,
): { respond: PageResponder; close(): void } {
  const page = new Page(checkedSource(source), allowedHosts);
  return { respond: (exchange, nonce) => page.respond(exchange, nonce), close: () => page.close() };
}

/** What all bodies of a round show. */
interface PageSnapshot {
  readonly now: SampleWithServices;
  /** Each returns the sample at which a window begins. */
  readonly bases: Readonly<Record<PageWindow, () => Promise<Sample>>>;
  readonly ticks: readonly Tick[];
}

class Page {
  readonly #source: SnapshotSource;
  readonly #allowedHosts: AllowedHosts;
  readonly #admission = new Admission(PLACES, `the page answers ${PLACES} requests at a time`, pageTraffic);
  readonly #rounds = new Rounds(() => this.#snapshot());
  readonly #history = new History(paced);
  readonly #stopTimer: (() => void) | undefined;
  /** Whether a sample for the history is under way; a slow source is not asked for another one meanwhile. */
  #isSampling = false;

  constructor(source: SnapshotSource, allowedHosts: AllowedHosts) {
    this.#source = source;
    this.#allowedHosts = allowedHosts;
    this.#stopTimer = sampleRegularly(this);
    // Without timers, as at a Worker's start, there is no clock either: the first sample is then that of a request.
    if (this.#stopTimer) this.sample();
  }

  close(): void {
    this.#stopTimer?.();
  }

  async respond(exchange: Exchange, nonce: NonceSource): Promise<Reply> {
    const { method, url, host } = exchange;
    if (method !== "GET" && method !== "HEAD") return notAllowed(method);
    if (!isAllowedHost(host, this.#allowedHosts))
      return plainText(403, `${invalid("host", "one of the page's allowedHosts", host).message}`);
    let query: Query;
    try {
      query = await paced(() => parseQuery(url));
    } catch (error) {
      return plainText(400, (error as Error).message);
    }
    return query.format === "json" ? this.#data(exchange, query) : this.#html(exchange, nonce);
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

  #data(exchange: Exchange, query: Query): Promise<Reply> {
    return this.#admission.reply(exchange, TIMEOUT_MS, async (delivery) => {
      const { snapshot, bodies } = await this.#rounds.join(delivery);
      const { now, bases, ticks } = snapshot;
      const key = JSON.stringify([query.window, [...query.services].sort()]);
      const past = { base: await bases[query.window](), ticks };
      const body = bodies.get(key, () => SharedBody.ofPieces(() => jsonPieces(query, now, past)));
      return { headers: headers(JSON_TYPE), body: body.reader() };
    });
  }

  async #snapshot(): Promise<PageSnapshot> {
    const now = await takeSample(this.#source);
    const history = this.#history;
    history.forgetOthers(now);
    // Chosen before `now` is added, because a window that began at `now` would be empty.
    const bases = {
      minute: history.base("minute", now),
      hour: history.base("hour", now),
      start: history.base("start", now),
    };
    if (history.isDue(now.atMs)) await history.add(now);
    return { now, bases, ticks: history.ticks };
  }

  async #html(exchange: Exchange, nonce: NonceSource): Promise<Reply> {
    let given: unknown;
    try {
      given = nonce ? nonce() : freshNonce();
    } catch (error) {
      return plainText(500, `nonce() threw: ${reasonOf(error)}`);
    }
    if (!isNonce(given)) return plainText(500, invalid("what nonce() returns", "base64", given, TypeError).message);
    const html = pageHtml(given);
    // With the app's nonce the page sets no policy, because the app has its own.
    const csp = nonce ? {} : { "content-security-policy": policy(given) };
    return this.#admission.reply(exchange, TIMEOUT_MS, async () => ({
      headers: { ...headers(HTML), ...csp },
      body: bodyOf(html),
    }));
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

function headers(type: string): Record<string, string> {
  return { ...COMMON_HEADERS, "content-type": type, "referrer-policy": "no-referrer" };
}
