// A body that several readers share: each piece is made when the first of them asks for it, and kept until the last one
// has it.

import type { BodySource, Result } from "../server/body.js";

const END: Result = { done: true, value: undefined };

/** A place for a piece, and the way to the next place: whoever holds a link holds everything that follows. */
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

  /** One more reader, from the beginning. Call it before any piece has been made. */
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

  /** Makes the rest, as long as a reader is left. */
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
