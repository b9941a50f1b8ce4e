// Guards that could not be ended because the stack was used up, as at the bottom of an endless recursion. They are ended
// as soon as the stack is shorter, so that nothing stays in flight.

/** A guard, once it is in the list. */
export interface Unended {
  /** Ends it, with a duration of 0, because nobody knows when it should have ended. */
  endLate(): void;
  next?: Unended | undefined;
}

/**
 * Keeps the list. Guards are themselves the links, because nothing may be called to add one, and even an object literal
 * can fail without stack.
 */
export interface UnendedHost {
  unended: Unended | undefined;
}

/** Ends all guards in the list, unless the stack is still too short. */
export function endLate(host: UnendedHost): void {
  for (let guard = host.unended; guard !== undefined; guard = host.unended) {
    host.unended = guard.next;
    guard.next = undefined; // or a guard that was added twice would make a circle
    try {
      guard.endLate();
    } catch {
      guard.next = host.unended;
      host.unended = guard;
      return;
    }
  }
}
