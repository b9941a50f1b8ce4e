// What is kept to save work while clients read at different speeds: at most so many bytes in the whole process,
// whatever is kept and for whom. The oldest goes first.

/** More than the text of 4,096 services with names of 28 bytes. */
const MAX_KEPT_BYTES = 16 * 2 ** 20;

export interface Kept {
  readonly bytes: number;
  /** Called when it has to go. Whoever needs it later makes it again, or fails. */
  drop(): void;
}

/** The oldest first. */
const kept = new Set<Kept>();
let bytes = 0;

export function keep(item: Kept): void {
  kept.add(item);
  bytes += item.bytes;
  for (const oldest of kept) {
    if (bytes <= MAX_KEPT_BYTES) return;
    letGo(oldest);
    oldest.drop();
  }
}

/** Nobody needs it any more. Does nothing if it has been dropped. */
export function letGo(item: Kept): void {
  if (kept.delete(item)) bytes -= item.bytes;
}

export function keptBytes(): number {
  return bytes;
}
