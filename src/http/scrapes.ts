// Who reads which snapshot: scrapes that come together share one, and the bodies made of it.

import type { TextStyle } from "../exposition/text.js";
import type { RpcMetricsSnapshot } from "../snapshot.js";
import { gzip } from "./gzip.js";
import type { Pace } from "./pace.js";
import { SharedBody, type Source } from "./shared-body.js";
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

export class Scrapes {
  readonly #takeSnapshot: () => RpcMetricsSnapshot;
  readonly #endOf: (style: TextStyle) => Uint8Array<ArrayBuffer>;
  readonly #pace: Pace;
  /** The bodies of text that are being made, all of one snapshot. */
  #texts: readonly SharedBody[] = [];
  #waiting: Waiting[] = [];

  /** @param endOf what stands behind the text of a snapshot. */
  constructor(
    takeSnapshot: () => RpcMetricsSnapshot,
    endOf: (style: TextStyle) => Uint8Array<ArrayBuffer>,
    pace: Pace,
  ) {
    this.#takeSnapshot = takeSnapshot;
    this.#endOf = endOf;
    this.#pace = pace;
  }

  /**
   * A body, of a snapshot that is taken at once: or, while the text of another is being made, once that is done, together
   * with all who come meanwhile. So nobody is shown less than was counted when it asked, and two snapshots are enough for
   * any number of scrapers.
   */
  body(wanted: Wanted): Promise<Source> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ wanted, resolve, reject });
      if (this.#waiting.length > 1) return; // the first one sees to all
      const rest = this.#texts.filter((text) => !text.isOver);
      if (rest.length === 0) this.#start();
      else Promise.allSettled(rest.map((text) => text.finish())).then(() => this.#start());
    });
  }

  #start(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    const texts = new Map<string, SharedBody>();
    const compressed = new Map<string, SharedBody>();
    try {
      const snapshot = this.#takeSnapshot();
      for (const { wanted, resolve } of waiting) {
        const { style, isCompressed, picked } = wanted;
        const key = JSON.stringify([style.openMetrics, picked && [...picked].sort()]);
        const text = shared(texts, key, () => textSource(snapshot, style, picked, this.#endOf(style), this.#pace));
        const body = isCompressed ? shared(compressed, key, () => gzip(text.reader())) : text;
        resolve(body.reader());
      }
    } catch (error) {
      for (const { reject } of waiting) reject(error); // of those that have their body, this does nothing
    }
    this.#texts = [...texts.values()];
  }
}

function shared(bodies: Map<string, SharedBody>, key: string, source: () => Source): SharedBody {
  const body = bodies.get(key) ?? new SharedBody(source());
  bodies.set(key, body);
  return body;
}
