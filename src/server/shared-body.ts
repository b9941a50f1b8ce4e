// A body that several readers share: each piece is made when the first of them asks for it, and kept until the last one
// has it, unless that one is far behind, or there is no room; see unread.ts.

import { nowMs } from "../runtime/timer.js";
import { type BodySource, type Chunk, END, type Pieces, type Result } from "./body.js";
import { paced } from "./pace.js";
import { type Kept, keep, letGo } from "./unread.js";

/** Makes the pieces of a shared body. */
interface Maker {
  /** Whether each piece comes only once, in order, so that one that was dropped is gone. */
  readonly comesOnce: boolean;
  /** Piece `index`; undefined after the last one. */
  make(index: number): Chunk | undefined | Promise<Chunk | undefined>;
  /** No reader is left. */
  release(): void;
}

/**
 * How many pieces are kept for slower readers if they can be made again. More would only outlive the young generation,
 * and cost long pauses for garbage collection, while clients that read nothing never need them.
 */
const KEPT_PIECES = 8;

interface Reader {
  /** Index of the piece that it gets next. */
  next: number;
}

interface Piece {
  readonly made: Promise<Chunk | undefined>;
  kept?: Kept;
}

export class SharedBody {
  /** Undefined once no reader is left: it may hold a whole snapshot. */
  #maker: Maker | undefined;
  readonly #budgetMs: number | undefined;
  readonly #comesOnce: boolean;
  readonly #pieces = new Map<number, Piece>();
  readonly #readers = new Set<Reader>();
  /** Number of readers that wait for a piece. */
  #waiting = 0;
  /** When a reader last got a piece. */
  #activeMs = Number.NEGATIVE_INFINITY;
  /** Number of pieces that have been asked for, those that were made again not counted. */
  #begun = 0;
  /** Whether the end has been reached once, or an error. */
  #isMade = false;

  /** @param budgetMs of the pace at which readers get pieces. */
  private constructor(maker: Maker, budgetMs: number | undefined) {
    this.#maker = maker;
    this.#comesOnce = maker.comesOnce;
    this.#budgetMs = budgetMs;
  }

  /** A body of pieces of which one that was dropped is made again. Calls `prepare` when the first is asked for. */
  static ofPieces(prepare: () => Pieces, budgetMs?: number): SharedBody {
    let pieces: Pieces | undefined;
    const make = (index: number) => {
      pieces ??= prepare();
      return index < pieces.count ? pieces.make(index) : undefined;
    };
    return new SharedBody({ comesOnce: false, make, release: () => pieces?.release?.() }, budgetMs);
  }

  /** A body of chunks that come only once. A reader that needs one that was dropped gets an error. */
  static ofStream(source: BodySource, budgetMs?: number): SharedBody {
    const make = async () => (await source.next()).value;
    return new SharedBody({ comesOnce: true, make, release: () => source.return() }, budgetMs);
  }

  /** Whether it takes more readers: until a piece has been made, or its only reader has left. */
  get isOpen(): boolean {
    return this.#begun === 0 && this.#maker !== undefined;
  }

  /** Whether it is in the making: a reader waits for a piece, or got one less than `idleMs` ago. */
  isBusy(idleMs: number): boolean {
    if (this.#isMade || this.#readers.size === 0) return false;
    return this.#waiting > 0 || nowMs() - this.#activeMs < idleMs;
  }

  /** Adds a reader. Only while it is open: chunks of a stream come only once. */
  reader(): BodySource {
    const reader: Reader = { next: 0 };
    this.#readers.add(reader);
    return {
      next: () => this.#next(reader),
      return: () => this.#leave(reader),
    };
  }

  async #next(reader: Reader): Promise<Result> {
    this.#waiting++;
    try {
      const value = await paced(() => this.#advance(reader), this.#budgetMs);
      return value ? { done: false, value } : END;
    } finally {
      this.#waiting--;
      this.#activeMs = nowMs();
    }
  }

  #advance(reader: Reader): Promise<Chunk | undefined> | undefined {
    if (!this.#readers.has(reader)) return undefined; // what others wait for is not made for a reader that has returned
    const index = reader.next++;
    const { made } = this.#pieces.get(index) ?? this.#make(index);
    this.#letGoIfPassed(index);
    return made;
  }

  #leave(reader: Reader): void {
    if (!this.#readers.delete(reader)) return;
    for (const index of [...this.#pieces.keys()]) this.#letGoIfPassed(index);
    if (this.#readers.size > 0) return;
    this.#maker?.release();
    this.#maker = undefined;
  }

  #make(index: number): Piece {
    if (this.#comesOnce && index < this.#begun)
      throw new Error("this reader is too slow: others of the same body are too far ahead");
    this.#begun = Math.max(this.#begun, index + 1);
    const piece: Piece = { made: this.#made(index) };
    this.#pieces.set(index, piece);
    piece.made.then(
      (chunk) => {
        if (!chunk || this.#pieces.get(index) !== piece) return; // the end, or all readers have it already
        piece.kept = { bytes: chunk.byteLength, drop: () => this.#pieces.delete(index) };
        keep(piece.kept);
        if (!this.#comesOnce && this.#pieces.size > KEPT_PIECES)
          this.#letGo(this.#pieces.keys().next().value as number);
      },
      () => {}, // all readers get the error
    );
    return piece;
  }

  async #made(index: number): Promise<Chunk | undefined> {
    let chunk: Chunk | undefined; // stays undefined after an error
    try {
      chunk = await this.#maker?.make(index);
      return chunk;
    } finally {
      this.#isMade ||= !chunk;
    }
  }

  #letGoIfPassed(index: number): void {
    for (const { next } of this.#readers) if (next <= index) return;
    this.#letGo(index);
  }

  #letGo(index: number): void {
    const piece = this.#pieces.get(index);
    this.#pieces.delete(index);
    if (piece?.kept) letGo(piece.kept);
  }
}
