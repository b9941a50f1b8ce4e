// The moment for which the place of a thread that may run on is kept from others.

import { vi } from "vitest";

/** Time passes by seconds, so that no attachment has to wait. Undo it with `vi.restoreAllMocks()`. */
export function passGrace() {
  let nowMs = 0;
  vi.spyOn(Date, "now").mockImplementation(() => {
    nowMs += 1000;
    return nowMs;
  });
}
