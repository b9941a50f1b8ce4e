// Who reads which snapshot: scrapes that come together share one, and the bodies made of it.

import type { TextStyle } from "../exposition/text.js";
import type { RpcMetricsSnapshot } from "../snapshot.js";
import { gzip } from "./gzip.js";
import type { Pace } from "./pace.js";
import { type Chunk, SharedBody, type Source } from "./shared-body.js";
import { textSource } from "./text.js";

/** What a scrape asks for. */
export interface Wanted {
  readonly style: TextStyle;
  readonly isCompressed: boolean;
  /** Names of services, in any order; undefined for all. */
  readonly picked: ReadonlySet<string> | undefined;
}

interface Waiting {
  readonly wanted: Wanted;
  readonly resolve: (body: Source) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gives each scrape its body, of a snapshot that is taken at once: or, while the text of another is being made, once that
 * is done, together with all who come meanwhile. So nobody is shown less than was counted when it asked, and two snapshots
 * are enough for any number of scrapers.
 *
 * @param endOf what stands behind the text of a snapshot.
 */
export function scrapesOf(
  takeSnapshot: () => RpcMetricsSnapshot,
  endOf: (style: TextStyle) => Chunk,
  pace: Pace,
): (wanted: Wanted) => Promise<Source> {
  /** The bodies of text that are being made, all of one snapshot. */
  let bodies: readonly SharedBody[] = [];
  let waiting: Waiting[] = [];

  const start = () => {
    const served = waiting;
    waiting = [];
    const texts = new Map<string, SharedBody>();
    const compressed = new Map<string, SharedBody>();
    try {
      const snapshot = takeSnapshot();
      for (const { wanted, resolve } of served) {
        const { style, isCompressed, picked } = wanted;
        const key = JSON.stringify([style.openMetrics, picked && [...picked].sort()]);
        const text = shared(texts, key, () => textSource(snapshot, style, picked, endOf(style), pace));
        const body = isCompressed ? shared(compressed, key, () => gzip(text.reader())) : text;
        resolve(body.reader());
      }
    } catch (error) {
      for (const { reject } of served) reject(error); // of those that have their body, this does nothing
    }
    bodies = [...texts.values()];
  };

  return (wanted) =>
    new Promise((resolve, reject) => {
      waiting.push({ wanted, resolve, reject });
      if (waiting.length > 1) return; // the first one sees to all
      Promise.allSettled(bodies.map((body) => body.finish())).then(start);
    });
}

function shared(bodies: Map<string, SharedBody>, key: string, source: () => Source): SharedBody {
  const body = bodies.get(key) ?? new SharedBody(source());
  bodies.set(key, body);
  return body;
}
