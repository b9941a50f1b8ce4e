// The endpoint for scrapers: how it answers each request.

import { writeText } from "../exposition/writer.js";
import type { SnapshotData } from "../model/data.js";
import { reasonOf } from "../model/errors.js";
import { checkedSource, type SnapshotSource } from "../model/source.js";
import { inWorkers } from "../runtime/workers.js";
import { type Exchange, notAllowed, plainText, type Reply, type Responder } from "../server/adapters.js";
import { takeSnapshotWithin } from "../server/snapshot.js";
import { yieldingScheduler } from "../server/yielding.js";
import { coalesceScrapes, type ScrapeRequest } from "./coalesce.js";
import { type Format, formatsOf } from "./formats.js";
import { acceptsGzip, negotiate } from "./negotiation.js";
import { checkedSettings, type MetricsHandlerOptions, type Settings } from "./settings.js";
import { Scrape, type ScrapeObserver } from "./scrape.js";
import { SelfMetrics } from "./self-metrics.js";

const RETRY = { "retry-after": "1" };

/** @throws TypeError or RangeError for a bad source or option. */
export function endpoint(source: SnapshotSource, options: MetricsHandlerOptions): Responder {
  const server = new Endpoint(checkedSource(source), checkedSettings(options));
  return (exchange) => server.respond(exchange);
}

class Endpoint {
  readonly #settings: Settings;
  readonly #formats: readonly [Format, ...Format[]];
  readonly #selfMetrics = new SelfMetrics();
  readonly #bodyFor: ReturnType<typeof coalesceScrapes>;
  readonly #underWay = new Set<Scrape>();
  readonly #observer: ScrapeObserver = {
    sent: (bytes) => this.#selfMetrics.countBytes(bytes),
    ended: (scrape, result, elapsedMs) => {
      this.#underWay.delete(scrape);
      this.#selfMetrics.countScrape(result, elapsedMs);
    },
  };

  constructor(source: SnapshotSource, settings: Settings) {
    this.#settings = settings;
    this.#formats = formatsOf(settings);
    this.#bodyFor = coalesceScrapes(
      () => takeSnapshotWithin(source, settings.timeoutMs),
      (encoder, data) => this.#trailer(encoder, data),
      yieldingScheduler(settings.sliceBudgetMs),
    );
  }

  async respond(exchange: Exchange): Promise<Reply> {
    const { method, header } = exchange;
    if (method !== "GET" && method !== "HEAD") return notAllowed(method);
    const { format, contentType } = negotiate(header("accept") ?? "", this.#formats);
    const isCompressed = this.#settings.gzip && acceptsGzip(header("accept-encoding") ?? "");
    const headers = {
      "content-type": contentType,
      vary: "Accept, Accept-Encoding",
      "cache-control": "no-store",
      ...(isCompressed && { "content-encoding": "gzip" }),
    };
    if (method === "HEAD") return { status: 200, headers };
    const request = {
      encoder: format.encoder,
      isCompressed: isCompressed && !inWorkers, // Workers compress a body themselves if its headers say so
      services: selectedServices(exchange.url),
    };
    if (!this.#hasRoom()) return this.#reject();
    const scrape = new Scrape(this.#limitMs(header("x-prometheus-scrape-timeout-seconds")), this.#observer);
    this.#underWay.add(scrape);
    exchange.onClientGone(() => scrape.end("aborted"));
    return this.#serve(scrape, request, headers);
  }

  /** The scrape's limit also bounds the wait for its body. */
  async #serve(scrape: Scrape, request: ScrapeRequest, headers: Reply["headers"]): Promise<Reply> {
    const served = this.#bodyFor(request, scrape).then((body) => scrape.serve(body));
    try {
      await Promise.race([served, scrape.ended]);
    } catch (error) {
      scrape.end("failed");
      return plainText(503, `there is no snapshot: ${reasonOf(error)}`);
    }
    served.catch(() => {}); // comes too late to be reported
    if (scrape.hasEnded) return plainText(503, "the scrape timed out before its turn came", RETRY);
    return { status: 200, headers, body: scrape };
  }

  #hasRoom(): boolean {
    if (inWorkers) for (const scrape of this.#underWay) if (scrape.isOverdue) scrape.end("timed_out");
    return this.#underWay.size < this.#settings.maxConcurrentScrapes;
  }

  #reject(): Reply {
    this.#selfMetrics.countScrape("rejected");
    const { maxConcurrentScrapes } = this.#settings;
    return plainText(503, `maxConcurrentScrapes (${maxConcurrentScrapes}) has been reached`, RETRY);
  }

  /** The scraper's timeout if it is shorter than ours. */
  #limitMs(timeoutSeconds: string | undefined): number {
    const { timeoutMs } = this.#settings;
    const scraperMs = Number(timeoutSeconds) * 1e3;
    return scraperMs > 0 ? Math.min(timeoutMs, scraperMs) : timeoutMs;
  }

  /** What follows the services: the metrics of registry and endpoint, and the end of the format. */
  #trailer(encoder: Format["encoder"], data: SnapshotData): Uint8Array<ArrayBuffer> {
    return writeText(0, (out) => {
      if (this.#settings.selfMetrics) this.#selfMetrics.write(out, encoder, data);
      encoder.end(out);
    });
  }
}

/** The services that the query names; undefined for all. */
function selectedServices(url: string): ReadonlySet<string> | undefined {
  const query = url.replace(/^[^?]*|#.*/g, "");
  const names = new URLSearchParams(query).getAll("service");
  return names.length > 0 ? new Set(names) : undefined;
}
