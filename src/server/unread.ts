// What the process holds for clients that have not read it yet: how much it is, and which part of it can go.
//
// To save work while clients read at different speeds, some of it is kept although it could be made again: at most
// MAX_KEPT_BYTES, whatever it is and for whom. The oldest goes first.

/** More than the text of 4,096 services with names of 28 bytes. */
const MAX_KEPT_BYTES = 16 * 2 ** 20;

export interface Kept {
  readonly bytes: number;
  /** Called when it has to go. Whoever needs it later makes it again, or fails. */
  drop(): void;
}

/** The oldest first. */
const kept = new Set<Kept>();
let keptBytes = 0;
let unread = 0;

/** Bytes that are held for clients: what is kept, and what else was reported to `countUnread`. */
export function unreadBytes(): number {
  return unread;
}

/** Adds bytes, or subtracts those that are no longer held. */
export function countUnread(bytes: number): void {
  unread += bytes;
}

export function keep(item: Kept): void {
  kept.add(item);
  keptBytes += item.bytes;
  countUnread(item.bytes);
  for (const oldest of kept) {
    if (keptBytes <= MAX_KEPT_BYTES) return;
    letGo(oldest);
    oldest.drop();
  }
}

/** Nobody needs it any more. Does nothing if it has been dropped. */
export function letGo(item: Kept): void {
  if (!kept.delete(item)) return;
  keptBytes -= item.bytes;
  countUnread(-item.bytes);
}
