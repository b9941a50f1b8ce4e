// The short replies.

import { expect, test } from "vitest";
import { notAllowed, plainText } from "../../src/server/replies.ts";

const COMMON = {
  "content-type": "text/plain; charset=utf-8",
  "cache-control": "no-store",
  "cross-origin-resource-policy": "same-origin",
  "x-content-type-options": "nosniff",
};

test("a text is a line, which browsers neither keep, embed nor guess about, and may have more headers", () => {
  expect(plainText(503, "busy")).toEqual({ status: 503, headers: COMMON, body: "busy\n" });
  const reply = plainText(503, "busy", { "retry-after": "1" });
  expect(reply.headers).toEqual({ ...COMMON, "retry-after": "1" });
});

test("a method that is not allowed is named, together with those that are", () => {
  const headers = { ...COMMON, allow: "GET, HEAD" };
  expect(notAllowed("PUT")).toEqual({ status: 405, headers, body: "PUT is not allowed\n" });
});
