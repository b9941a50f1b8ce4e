// Cloudflare Workers, where requests may share data but nothing that is under way: no stream, no timer, no pending promise.

export const inWorkers = globalThis.navigator?.userAgent === "Cloudflare-Workers";
