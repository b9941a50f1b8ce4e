// The page's markup, and the Content-Security-Policy under which it runs.

import { PAGE } from "./client.generated.js";

/** A nonce that is valid in both HTML and a policy. */
const NONCE = /^[\w+/-]+={0,2}$/;

export function isNonce(value: unknown): value is string {
  return typeof value === "string" && NONCE.test(value);
}

export function freshNonce(): string {
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(18))));
}

export function policy(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

/** The page without data, which it fetches as JSON: the markup never holds anything that a peer could have chosen. */
export function pageHtml(nonce: string): string {
  return PAGE.join(nonce);
}
