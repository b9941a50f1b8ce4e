// Coalesces scrapes: while one text is being written, newcomers wait, and then share the next snapshot and the bodies
// made from it. So there are at most two snapshots at a time for any number of scrapers, and each scraper sees
// everything that was counted before it asked.

import type { Encoder } from "../exposition/encoder.js";
import type { SnapshotData } from "../model/data.js";
import { inWorkers } from "../runtime/workers.js";
import type { BodySource, Chunk } from "../server/body.js";
import type { YieldingScheduler } from "../server/yielding.js";
import { gzip } from "./gzip.js";
import { SharedBody } from "./shared-body.js";
import { slicedText } from "./slices.js";

/** What a scrape asks for. Equal requests share a body. */
export interface ScrapeRequest {
  readonly encoder: Encoder;
  readonly isCompressed: boolean;
  /** Names of services, in any order; undefined for all. */
  readonly services: ReadonlySet<string> | undefined;
}

/** Who asks: a scrape that may end while it waits. */
interface Waiter {
  readonly hasEnded: boolean;
}

interface Waiting {
  readonly waiter: Waiter;
  readonly request: ScrapeRequest;
  readonly resolve: (body: BodySource) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Returns a function that returns the body for a scrape. Its snapshot is taken at once or, while the text of another
 * one is being written, as soon as that is done. A scrape that ends while it waits is forgotten.
 *
 * @param trailer returns what follows the services.
 */
export function coalesceScrapes(
  takeSnapshot: () => SnapshotData | Promise<SnapshotData>,
  trailer: (encoder: Encoder, data: SnapshotData) => Chunk,
  schedule: YieldingScheduler,
): (request: ScrapeRequest, waiter: Waiter) => Promise<BodySource> {
  const takeBodies = async () => {
    const data = await takeSnapshot();
    return new SharedBodies((encoder, services) =>
      slicedText(data, encoder, services, trailer(encoder, data), schedule),
    );
  };
  // In Workers, one request can't wait for another, and a text is written without a break anyway.
  if (inWorkers) return async (request) => (await takeBodies()).reader(request);

  let waiting: Waiting[] = [];
  /** The texts of the last snapshot. */
  let texts: Promise<readonly SharedBody[]> = Promise.resolve([]);

  const serveWaiting = async (previous: typeof texts) => {
    await Promise.allSettled((await previous).map((text) => text.finish()));
    const served = waiting.filter(({ waiter }) => !waiter.hasEnded);
    waiting = [];
    if (served.length === 0) return previous;
    try {
      const bodies = await takeBodies();
      for (const { request, resolve } of served) resolve(bodies.reader(request));
      return bodies.texts;
    } catch (error) {
      for (const { reject } of served) reject(error); // has no effect on those that have their body
      return [];
    }
  };

  return (request, waiter) =>
    new Promise((resolve, reject) => {
      const isFirst = waiting.length === 0;
      waiting = waiting.filter((each) => !each.waiter.hasEnded);
      waiting.push({ waiter, request, resolve, reject });
      if (isFirst) texts = serveWaiting(texts); // also serves those that join meanwhile
    });
}

/** The bodies of one snapshot: one text for each encoder and selection of services, and its compressed form. */
class SharedBodies {
  readonly #make: (encoder: Encoder, services: ScrapeRequest["services"]) => BodySource;
  readonly #texts = new Map<Encoder, Map<string, SharedBody>>();
  readonly #compressed = new Map<SharedBody, SharedBody>();

  constructor(make: (encoder: Encoder, services: ScrapeRequest["services"]) => BodySource) {
    this.#make = make;
  }

  get texts(): readonly SharedBody[] {
    return [...this.#texts.values()].flatMap((bySelection) => [...bySelection.values()]);
  }

  reader({ encoder, isCompressed, services }: ScrapeRequest): BodySource {
    const bySelection = getOrMake(this.#texts, encoder, () => new Map<string, SharedBody>());
    const selection = JSON.stringify(services && [...services].sort()) ?? "";
    const text = getOrMake(bySelection, selection, () => new SharedBody(this.#make(encoder, services)));
    if (!isCompressed) return text.reader();
    return getOrMake(this.#compressed, text, () => new SharedBody(gzip(text.reader()))).reader();
  }
}

function getOrMake<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}
