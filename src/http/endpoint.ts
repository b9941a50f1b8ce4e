// The endpoint for scrapers: what it answers to which request.

import { escapeLabel } from "../exposition/label.js";
import type { TextStyle } from "../exposition/text.js";
import { invalid } from "../errors.js";
import type { RpcMetricsRegistry } from "../registry.js";
import type { Body, Reply, Responder } from "./adapters.js";
import { acceptsGzip, formatFor } from "./negotiation.js";
import { type MetricsHandlerOptions, type Settings, settingsOf } from "./options.js";
import { paceOf } from "./pace.js";
import { scrapesOf } from "./scrapes.js";
import { type ScrapeResult, SelfMetrics } from "./self-metrics.js";
import type { Source } from "./shared-body.js";
import { inWorkers } from "./workers.js";

/** Timers of more than that fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** @throws TypeError or RangeError for a bad registry or option. */
export function endpoint(registry: RpcMetricsRegistry, options: MetricsHandlerOptions): Responder {
  if (typeof registry?.snapshot !== "function") throw invalid("registry", "an RpcMetricsRegistry", registry, TypeError);
  const settings = settingsOf(options);
  const { maxConcurrentScrapes, selfMetrics, sliceBudgetMs, timeoutMs } = settings;
  const textStyle = styleOf(settings, false);
  const openMetricsStyle = styleOf(settings, true);
  const self = new SelfMetrics(registry);
  const encoder = new TextEncoder();
  const bodyOf = scrapesOf(
    () => registry.snapshot(),
    (style) => encoder.encode((selfMetrics ? self.text(style) : "") + (style.openMetrics ? "# EOF\n" : "")),
    paceOf(sliceBudgetMs),
  );
  /** What ends each scrape that is under way, with when it has to be over, in ms of the clock. */
  const underWay = new Map<(how: ScrapeResult) => void, number>();

  return async ({ method, url, header }) => {
    if (method !== "GET" && method !== "HEAD") return plain(405, `${method} is not allowed`, { allow: "GET, HEAD" });
    const { openMetrics, contentType } = formatFor(header("accept") ?? "");
    const isCompressed = settings.gzip && acceptsGzip(header("accept-encoding") ?? "");
    const headers = {
      "content-type": contentType,
      vary: "Accept, Accept-Encoding",
      "cache-control": "no-store",
      ...(isCompressed && { "content-encoding": "gzip" }),
    };
    if (method === "HEAD") return { status: 200, headers };
    const start = performance.now();
    // In Workers, the timer of a request goes with its client, and nothing tells of that.
    if (inWorkers) for (const [end, limitMs] of underWay) if (limitMs < start) end("timed_out");
    if (underWay.size >= maxConcurrentScrapes) {
      self.countScrape("rejected");
      return tooMuch;
    }

    let source: Source | undefined;
    const end = (how: ScrapeResult) => {
      if (!underWay.delete(end)) return;
      clearTimeout(timer);
      source?.return();
      self.countScrape(how, performance.now() - start);
    };
    const body: Body = {
      async next() {
        try {
          const chunk = await (source as Source).next();
          if (!underWay.has(end)) throw new Error("the time is up"); // what came may be a part
          if (chunk.done) end("ok");
          else self.countBytes(chunk.value.length);
          return chunk;
        } catch (error) {
          end("failed");
          throw error;
        }
      },
      return: () => end("aborted"),
    };
    const askedMs = Number(header("x-prometheus-scrape-timeout-seconds")) * 1e3;
    const takesMs = Math.min(timeoutMs, askedMs > 0 ? askedMs : timeoutMs, MAX_TIMER_MS);
    const timer = setTimeout(() => {
      end("timed_out");
      body.cut?.();
    }, takesMs);
    (timer as { unref?(): void }).unref?.(); // a response that nobody reads keeps no process alive
    underWay.set(end, start + takesMs);
    const picks = new URLSearchParams(url.replace(/^[^?]*|#.*/g, "")).getAll("service");
    try {
      source = await bodyOf({
        style: openMetrics ? openMetricsStyle : textStyle,
        isCompressed: isCompressed && !inWorkers, // they compress themselves what says that it is
        picked: picks.length > 0 ? new Set(picks) : undefined,
      });
    } catch (error) {
      end("failed");
      return plain(503, `there is no snapshot: ${(error as Error).message}`);
    }
    if (!underWay.has(end)) {
      source.return();
      return tooMuch;
    }
    return { status: 200, headers, body };
  };
}

function styleOf({ prefix, labels, created }: Settings, openMetrics: boolean): TextStyle {
  return {
    namePrefix: prefix,
    fixedLabels: Object.entries(labels)
      .map(([name, value]) => `",${name}="${openMetrics ? value.replace(/[\\"\n]/g, escapeLabel) : escapeLabel(value)}`)
      .join(""),
    openMetrics,
    withCreated: openMetrics && created,
  };
}

function plain(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers: { "content-type": "text/plain; charset=utf-8", ...headers }, body: `${text}\n` };
}

const tooMuch = plain(503, "busy with other scrapes", { "retry-after": "1" });
