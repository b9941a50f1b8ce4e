// What all replies have in common, and the short ones.

import type { Reply } from "./adapters.js";

/** For all replies: no cache keeps them, no other site embeds them, and no browser guesses what they are. */
export const COMMON_HEADERS = {
  "cache-control": "no-store",
  "cross-origin-resource-policy": "same-origin",
  "x-content-type-options": "nosniff",
};

export function plainText(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Reply {
  return {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", ...COMMON_HEADERS, ...headers },
    body: `${text}\n`,
  };
}

export function notAllowed(method: string): Reply {
  return plainText(405, `${method} is not allowed`, { allow: "GET, HEAD" });
}
