// A body that several readers share: each piece is made when the first of them wants it, and kept until the last has it.

export type Chunk = Uint8Array<ArrayBuffer>;
export type Result = IteratorResult<Chunk, undefined>;

const END: Result = { done: true, value: undefined };

/** Pieces, one at a time. */
export interface Source {
  /** Not called again before what it promised is there. */
  next(): Promise<Result>;
  /** Nobody wants any more. */
  return(): void;
}

/** A place for a piece, and the way to the one behind it: who holds it holds all that follow. */
interface Link {
  piece?: Promise<Result>;
  next?: Link;
}

export class SharedBody {
  /** Let go when all of it has been made, or nobody wants the rest. */
  #source: Source | undefined;
  /** The newest link. Not the first, so that pieces go when their last reader has passed. */
  #newest: Link = {};
  #readers = 0;

  constructor(source: Source) {
    this.#source = source;
  }

  /** One more reader, from the beginning: before any piece has been made. */
  reader(): Source {
    let link: Link | undefined = this.#newest;
    this.#readers++;
    return {
      next: async () => {
        if (!link) return END; // one that returned must not take what others wait for
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

  /** Makes the rest, as long as there is somebody who wants it. */
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
    let isLast: boolean | undefined = true; // so it is after an error, too, which all readers get
    try {
      const piece = (await this.#source?.next()) ?? END;
      isLast = piece.done;
      return piece;
    } finally {
      if (isLast) this.#source = undefined;
    }
  }
}
