// A time at which services are made, so that tests know their `_created`.

import { vi } from "vitest";

export const CREATED_MS = 1_764_000_000_123;

/** What `make` returns, made at CREATED_MS. */
export function atThatTime(make) {
  vi.useFakeTimers({ toFake: ["Date"], now: CREATED_MS });
  try {
    return make();
  } finally {
    vi.useRealTimers();
  }
}
