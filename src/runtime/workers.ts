// Cloudflare Workers, where requests may share data but nothing pending: no stream, no timer, no unsettled promise.

export const inWorkers = globalThis.navigator?.userAgent === "Cloudflare-Workers";
