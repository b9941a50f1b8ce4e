// The endpoint for scrapers: what it answers to which request.

import { escapeLabel } from "../exposition/label.js";
import type { TextStyle } from "../exposition/text.js";
import { invalid } from "../errors.js";
import type { RpcMetricsRegistry } from "../registry.js";
import type { Reply, Responder } from "./adapters.js";
import { canCompress, compressesItself } from "./gzip.js";
import { acceptsGzip, formatFor } from "./negotiation.js";
import { type MetricsHandlerOptions, type Settings, settingsOf } from "./options.js";
import { Pace } from "./pace.js";
import { Scrapes } from "./scrapes.js";
import { type ScrapeResult, SelfMetrics } from "./self-metrics.js";
import type { Source } from "./shared-body.js";

/** @throws TypeError or RangeError for a bad registry or option. */
export function endpoint(registry: RpcMetricsRegistry, options: MetricsHandlerOptions): Responder {
  if (typeof registry?.snapshot !== "function") throw invalid("registry", "an RpcMetricsRegistry", registry, TypeError);
  const settings = settingsOf(options);
  const { maxConcurrentScrapes, selfMetrics, sliceBudgetMs, timeoutMs } = settings;
  const textStyle = styleOf(settings, false);
  const openMetricsStyle = styleOf(settings, true);
  const self = new SelfMetrics(registry);
  const encoder = new TextEncoder();
  const scrapes = new Scrapes(
    () => registry.snapshot(),
    (style) => encoder.encode((selfMetrics ? self.text(style) : "") + (style.openMetrics ? "# EOF\n" : "")),
    new Pace(sliceBudgetMs),
  );
  let underWay = 0;

  return async ({ method, url, header }) => {
    if (method !== "GET" && method !== "HEAD") return plain(405, `${method} is not allowed`, { allow: "GET, HEAD" });
    const { openMetrics, contentType } = formatFor(header("accept") ?? "");
    const isCompressed = settings.gzip && canCompress && acceptsGzip(header("accept-encoding") ?? "");
    const headers = {
      "content-type": contentType,
      vary: "Accept, Accept-Encoding",
      "cache-control": "no-store",
      ...(isCompressed && { "content-encoding": "gzip" }),
    };
    if (method === "HEAD") return { status: 200, headers };
    if (underWay >= maxConcurrentScrapes) {
      self.countScrape("rejected");
      return tooMuch;
    }

    const start = performance.now();
    const limit = new AbortController();
    let body: Source | undefined;
    let result: ScrapeResult | undefined;
    const end = (how: ScrapeResult) => {
      if (result !== undefined) return;
      result = how;
      underWay--;
      clearTimeout(timer);
      body?.return();
      self.countScrape(how, performance.now() - start);
    };
    const askedMs = Number(header("x-prometheus-scrape-timeout-seconds")) * 1e3;
    const timer = setTimeout(
      () => {
        end("timed_out");
        limit.abort();
      },
      Math.min(timeoutMs, askedMs > 0 ? askedMs : timeoutMs),
    );
    underWay++;
    const picks = new URLSearchParams(url.replace(/^[^?]*/, "")).getAll("service");
    try {
      body = await scrapes.body({
        style: openMetrics ? openMetricsStyle : textStyle,
        isCompressed: isCompressed && !compressesItself,
        picked: picks.length > 0 ? new Set(picks) : undefined,
      });
    } catch (error) {
      end("failed");
      return plain(500, `there is no snapshot: ${error instanceof Error ? error.message : error}`);
    }
    const source = body;
    if (result !== undefined) {
      source.return();
      return tooMuch;
    }
    return {
      status: 200,
      headers,
      signal: limit.signal,
      body: {
        async next() {
          try {
            const chunk = await source.next();
            if (chunk.done) end("ok");
            else self.countBytes(chunk.value.length);
            return chunk;
          } catch (error) {
            end("failed");
            throw error;
          }
        },
        return() {
          end("aborted");
        },
      },
    };
  };
}

function styleOf({ prefix, labels, created }: Settings, openMetrics: boolean): TextStyle {
  const escapeValue = (value: string) => (openMetrics ? value.replace(/[\\"\n]/g, escapeLabel) : escapeLabel(value));
  return {
    namePrefix: prefix,
    fixedLabels: Object.entries(labels)
      .map(([name, value]) => `",${name}="${escapeValue(value)}`)
      .join(""),
    openMetrics,
    withCreated: openMetrics && created,
  };
}

function plain(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers: { "content-type": "text/plain; charset=utf-8", ...headers }, body: `${text}\n` };
}

const tooMuch = plain(503, "too many scrapes are under way", { "retry-after": "1" });
