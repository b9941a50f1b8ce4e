// The endpoint for scrapers: how it answers each request.

import type { Encoder } from "../exposition/encoder.js";
import { writeText } from "../exposition/writer.js";
import type { SnapshotData } from "../model/data.js";
import { checkedSource, type SnapshotSource } from "../model/source.js";
import { wallClockMs } from "../model/wall-clock.js";
import { inWorkers } from "../runtime/workers.js";
import type { Exchange, Reply, Responder } from "../server/adapters.js";
import { Admission, Traffic } from "../server/admission.js";
import type { BodySource } from "../server/body.js";
import { takeSnapshotWithin } from "../server/late-snapshot.js";
import { paced } from "../server/pace.js";
import { COMMON_HEADERS, notAllowed } from "../server/replies.js";
import { type Round, Rounds } from "../server/rounds.js";
import { SharedBody } from "../server/shared-body.js";
import { type Format, formatsOf } from "./formats.js";
import { gzip } from "./gzip.js";
import { acceptsGzip, negotiate } from "./negotiation.js";
import { checkedSettings, type MetricsHandlerOptions, type Settings } from "./settings.js";
import { writeSelfMetrics } from "./self-metrics.js";
import { textPieces } from "./slices.js";

/** @throws TypeError or RangeError for a bad source or option. */
export function endpoint(source: SnapshotSource, options: MetricsHandlerOptions): Responder {
  const server = new Endpoint(checkedSource(source), checkedSettings(options));
  return (exchange) => server.respond(exchange);
}

/** What a scrape asks for. */
interface ScrapeRequest {
  readonly encoder: Encoder;
  /** Names of services, in any order; undefined for all. */
  readonly services: ReadonlySet<string> | undefined;
  /** Requests with the same key share a text. */
  readonly key: string;
  readonly isGzipped: boolean;
}

class Endpoint {
  readonly #settings: Settings;
  readonly #formats: readonly [Format, ...Format[]];
  /** 0 where there is no clock, as in Workers outside a request: then there are no samples `_created`. */
  readonly #createdMs = wallClockMs();
  readonly #traffic = new Traffic();
  readonly #admission: Admission;
  readonly #rounds: Rounds<SnapshotData>;

  constructor(source: SnapshotSource, settings: Settings) {
    const { maxConcurrentScrapes, timeoutMs } = settings;
    this.#settings = settings;
    this.#formats = formatsOf(settings);
    const refusal = `maxConcurrentScrapes (${maxConcurrentScrapes}) has been reached`;
    this.#admission = new Admission(maxConcurrentScrapes, refusal, this.#traffic);
    this.#rounds = new Rounds(() => takeSnapshotWithin(source, timeoutMs));
  }

  async respond(exchange: Exchange): Promise<Reply> {
    const { method, header } = exchange;
    if (method !== "GET" && method !== "HEAD") return notAllowed(method);
    const { headers, ...request } = await paced(() => this.#parse(exchange));
    return this.#admission.reply(
      exchange,
      this.#limitMs(header("x-prometheus-scrape-timeout-seconds")),
      async (delivery) => ({ headers, body: this.#read(await this.#rounds.join(delivery), request) }),
      request.isGzipped ? request.key : undefined, // to compress costs more than to send what was compressed
    );
  }

  #parse({ url, header }: Exchange): ScrapeRequest & { headers: Record<string, string> } {
    const { format, contentType } = negotiate(header("accept") ?? "", this.#formats);
    const isCompressed = this.#settings.gzip && acceptsGzip(header("accept-encoding") ?? "");
    const headers = {
      ...COMMON_HEADERS,
      "content-type": contentType,
      vary: "Accept, Accept-Encoding",
      ...(isCompressed && { "content-encoding": "gzip" }),
    };
    const services = selectedServices(url);
    const key = JSON.stringify([format.subtype, services && [...services].sort()]);
    const isGzipped = isCompressed && !inWorkers; // Workers compress a body themselves if its headers say so
    return { encoder: format.encoder, services, key, isGzipped, headers };
  }

  #read({ snapshot, bodies }: Round<SnapshotData>, { encoder, services, key, isGzipped }: ScrapeRequest): BodySource {
    const { sliceBudgetMs } = this.#settings;
    const text = () =>
      bodies.get(key, () => {
        const trailer = this.#trailer(encoder, snapshot);
        return SharedBody.ofPieces(() => textPieces(snapshot, encoder, services, trailer), sliceBudgetMs);
      });
    if (!isGzipped) return text().reader();
    return bodies.get(`gzip ${key}`, () => SharedBody.ofStream(gzip(text().reader()), sliceBudgetMs)).reader();
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
      if (this.#settings.selfMetrics) writeSelfMetrics(out, encoder, data, this.#traffic, this.#createdMs);
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
