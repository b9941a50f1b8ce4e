// A body that several readers share: each piece is made when the first of them asks for it, and kept until the last one
// has it.

import type { BodySource, Result } from "../server/body.js";

const END: Result = { done: true, value: undefined };

/** One link in the list of pieces. Whatever refers to a link keeps all that follow alive, too. */
interface Link {
  piece?: Promise<Result>;
  next?: Link;
}

export class SharedBody {
  /** Released when all of it has been made, or when no reader is left. */
  #source: BodySource | undefined;
  /** The newest link, not the first: pieces are released once the last reader has passed them. */
  #newest: Link = {};
  #readers = 0;

  constructor(source: BodySource) {
    this.#source = source;
  }

  /** Adds a reader. Call it before any piece has been made, so that the reader gets all of them. */
  reader(): BodySource {
    let link: Link | undefined = this.#newest;
    this.#readers++;
    return {
      next: async () => {
        if (!link) return END; // a reader that returned must not take what others wait for
        const piece = this.#pieceOf(link);
        link = link.next;
        return piece;
      },
      return: () => {
        if (link && --this.#readers === 0) {
          this.#source?.return();
          this.#source = undefined;
        }
        link = undefined;
      },
    };
  }

  /** Makes the remaining pieces, as long as there is a reader. */
  async finish(): Promise<void> {
    for (let link = this.#newest; this.#source; link = link.next as Link) await this.#pieceOf(link);
  }

  #pieceOf(link: Link): Promise<Result> {
    if (!link.piece) {
      this.#newest = link;
      link.next = {};
      link.piece = this.#make();
    }
    return link.piece;
  }

  async #make(): Promise<Result> {
    let isLast: boolean | undefined = true; // stays true after an error, which all readers get
    try {
      const piece = (await this.#source?.next()) ?? END;
      isLast = piece.done;
      return piece;
    } finally {
      if (isLast) this.#source = undefined;
    }
  }
}
