// A stranger who tries one service name after another at a gateway, to see what answers.

import { setTimeout } from "node:timers/promises";

const PAUSE_MS = 50;
const PACKAGES = ["admin", "auth", "billing", "debug", "internal", "users"];
const METHODS = ["Delete", "Export", "Get", "List", "Login", "Reset"];
/** Now and then, a name far longer than any real one. */
const LONG_NAME_EVERY = 100;

function madeUpName(i) {
  const version = 1 + Math.floor(i / (PACKAGES.length * METHODS.length));
  const method = METHODS[Math.floor(i / PACKAGES.length) % METHODS.length];
  const name = `${PACKAGES[i % PACKAGES.length]}.v${version}.Service/${method}`;
  return (i + 1) % LONG_NAME_EVERY === 0 ? name + "A".repeat(2000) : name;
}

/** Goes on until `signal` aborts. */
export async function scan(url, signal) {
  for (let i = 0; !signal.aborted; i++) {
    const response = await fetch(`${url}/${madeUpName(i)}`, { method: "POST" });
    await response.text();
    await setTimeout(PAUSE_MS, undefined, { signal }).catch(() => {});
  }
}
