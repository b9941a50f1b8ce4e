// Answers requests for the page and its data, and samples the registry meanwhile.

import { invalid } from "../errors.js";
import type { Exchange, Reply } from "../http/adapters.js";
import type { RpcMetricsRegistry } from "../registry.js";
import { History, TICK_MS } from "./history.js";
import { freshNonce, isNonce, pageHtml, policy } from "./html.js";
import { pageJson } from "./json.js";
import { parseQuery, type Query } from "./query.js";
import { type Present, takeSample } from "./sample.js";
import { every } from "./timer.js";

const HTML = "text/html; charset=utf-8";
const JSON_TYPE = "application/json; charset=utf-8";
const TEXT = "text/plain; charset=utf-8";

/** `nonce`: that of the app's own policy, if it has one. */
export type PageResponder = (exchange: Exchange, nonce: (() => unknown) | undefined) => Promise<Reply>;

export function startPage(registry: RpcMetricsRegistry): { respond: PageResponder; close(): void } {
  if (typeof registry?.snapshot !== "function") throw invalid("registry", "an RpcMetricsRegistry", registry, TypeError);
  const history = new History();
  const sample = () => {
    try {
      history.add(takeSample(registry));
    } catch {
      // A shared registry that was detached: requests are told so, and there is nobody to tell here.
    }
  };
  const close = every(TICK_MS, sample);
  // Without timers there is no clock either at a Worker's start: time then begins with the first request.
  if (close) sample();

  async function data(query: Query, isHead: boolean): Promise<Reply> {
    let now: Present;
    try {
      now = takeSample(registry);
    } catch (error) {
      return reply(503, TEXT, `The registry gives no snapshot: ${(error as Error)?.message}\n`);
    }
    // Chosen before now is kept, for a window that began with it would be empty.
    const base = history.base(query.window, now);
    if (history.isDue(now.atMs)) history.add(now);
    if (isHead) return reply(200, JSON_TYPE, "");
    return reply(200, JSON_TYPE, await pageJson(query, registry.overflowLookups, now, { base, ticks: history.ticks }));
  }

  async function respond({ method, url }: Exchange, nonce: (() => unknown) | undefined): Promise<Reply> {
    const isHead = method === "HEAD";
    if (method !== "GET" && !isHead) return reply(405, TEXT, `${method} is not allowed\n`, { allow: "GET, HEAD" });
    let query: Query;
    try {
      query = parseQuery(url);
    } catch (error) {
      return reply(400, TEXT, `${(error as Error).message}\n`);
    }
    if (query.format === "json") return data(query, isHead);
    let own: unknown;
    try {
      own = nonce?.();
    } catch (error) {
      return reply(500, TEXT, `nonce() threw: ${(error as Error)?.message}\n`);
    }
    if (nonce && !isNonce(own))
      return reply(500, TEXT, `${invalid("what nonce() returns", "base64", own, TypeError).message}\n`);
    const used = isNonce(own) ? own : freshNonce();
    return reply(200, HTML, pageHtml(used), nonce ? {} : { "content-security-policy": policy(used) });
  }

  return {
    async respond(exchange, nonce) {
      const { body, ...head } = await respond(exchange, nonce);
      return exchange.method === "HEAD" || body === undefined ? head : { ...head, body };
    },
    close: () => close?.(),
  };
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
