// Lets requests in, as many at a time as there are places, and sees each response through to its end.

import { reasonOf } from "../model/errors.js";
import type { Exchange, Reply } from "./adapters.js";
import type { BodySource } from "./body.js";
import { DELIVERY_RESULTS, Delivery, type DeliveryObserver, type DeliveryResult } from "./delivery.js";
import { LateSnapshotError } from "./late-snapshot.js";
import { Places, responses } from "./places.js";
import { plainText } from "./replies.js";
import { unreadBytes } from "./unread.js";

const RETRY = { "retry-after": "1" };

/** What has been answered so far. */
export class Traffic {
  readonly responses = Object.fromEntries(DELIVERY_RESULTS.map((result) => [result, 0])) as Record<
    DeliveryResult,
    number
  >;
  /** How long complete responses took: the others last as long as clients or limits let them. */
  seconds = 0;
  bytes = 0;

  get total(): number {
    return Object.values(this.responses).reduce((sum, count) => sum + count, 0);
  }
}

/** That of all live pages in this process, for the metrics of its endpoints. */
export const pageTraffic = new Traffic();

/** What responses cost now, in the whole process. */
export function processLoad() {
  return { ...responses, unreadBytes: unreadBytes() };
}

/** What to answer once there is a place. */
interface Answer {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: BodySource;
}

export class Admission {
  readonly #places: Places;
  readonly #refusal: string;
  readonly #traffic: Traffic;
  readonly #observer: DeliveryObserver = {
    sent: (bytes) => {
      this.#traffic.bytes += bytes;
    },
    ended: (delivery, result, elapsedMs) => {
      this.#places.leave(delivery);
      if (result === undefined) return;
      this.#traffic.responses[result]++;
      if (result === "ok") this.#traffic.seconds += elapsedMs / 1e3;
    },
  };

  /** @param refusal the reason in the 503 for requests that find no room even to wait. */
  constructor(places: number, refusal: string, traffic: Traffic) {
    this.#places = new Places(places);
    this.#refusal = refusal;
    this.#traffic = traffic;
  }

  /**
   * Calls `answer` once there is a place, and replies with what it fulfils with: 200, or 503 if it rejects, if there is
   * no room, or if the response has not begun after `limitMs`. A response that has begun is cut off then. HEAD gets the
   * same reply without a body.
   *
   * @param sharedWork names what most of the work is, if others share it.
   */
  async reply(
    exchange: Exchange,
    limitMs: number,
    answer: (delivery: Delivery) => Promise<Answer>,
    sharedWork?: string,
  ): Promise<Reply> {
    const delivery = new Delivery(limitMs, this.#observer, sharedWork, exchange.address);
    exchange.onClientGone(() => delivery.end("aborted"));
    await this.#places.take(delivery);
    if (delivery.hasEnded) return this.#refuse(delivery, "the request timed out before its turn came");
    const answered = answer(delivery).then((given) => {
      delivery.serve(given.body);
      return given;
    });
    try {
      await Promise.race([answered, delivery.ended]);
    } catch (error) {
      if (error instanceof LateSnapshotError) {
        delivery.end("timed_out");
        return this.#refuse(delivery, error.message);
      }
      delivery.end("failed");
      return plainText(503, `there is no snapshot: ${reasonOf(error)}`);
    }
    answered.catch(() => {}); // comes too late to be reported
    if (delivery.hasEnded) return this.#refuse(delivery, new LateSnapshotError(limitMs).message);
    const { headers } = await answered;
    if (exchange.method !== "HEAD") return { status: 200, headers, body: delivery };
    delivery.end(undefined);
    return { status: 200, headers };
  }

  #refuse({ result }: Delivery, reason: string): Reply {
    return plainText(503, result === "rejected" ? this.#refusal : reason, RETRY);
  }
}
