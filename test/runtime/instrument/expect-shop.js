// Expects of a shop in a runtime that it counts as in any other. The clients are Node's.

import { expect } from "vitest";
import { get, open, serve, until } from "../../support/http-client.js";

/** Serves what the measured fetch of test/runtime/instrument/calls.js calls; fulfils with the origin. */
export function serveUpstream() {
  return serve((request, response) => {
    const [, first, code, target] = request.url.split("/");
    response.setHeader("access-control-allow-origin", "*");
    if (first === "hang") return;
    if (first === "reset") request.socket.resetAndDestroy();
    else if (first === "to") response.writeHead(Number(code), { location: `/${target}` }).end();
    else response.writeHead(Number(first)).end("body");
  });
}

/** What callAll counts. */
export const CALLED = {
  "called ok": 2,
  "called not_found": 1,
  "called unavailable": 2,
  "called deadline_exceeded": 1,
  noRoute: 1,
};

/**
 * Whether the runtime says when a client leaves: `noticesLeavingEarly` before the response, and `noticesLeaving` while its
 * body is sent.
 */
export async function expectShop(origin, { noticesLeaving = true, noticesLeavingEarly = noticesLeaving } = {}) {
  const counts = () => get(`${origin}/counts`).then(({ body }) => JSON.parse(body));
  const statuses = {};
  const ask = async (path, init) => {
    const { status, body } = await get(`${origin}${path}`, init);
    statuses[path] = status;
    return body.toString();
  };
  expect(await ask("/users/7")).toBe("7");
  expect(await ask("/stream")).toBe("flowing!");
  await ask("/users/8", { method: "HEAD" });
  await ask("/admin/7");
  await ask("/throw");
  await ask("/.env");
  const thrown = JSON.parse(await ask(`/calls?origin=${encodeURIComponent(await serveUpstream())}`));
  expect(thrown).toEqual([expect.stringMatching(/^(Type)?Error$/), "TimeoutError", "AbortError", "Error"]);
  if (noticesLeaving) {
    const response = await open(`${origin}/endless`);
    await new Promise((resolve) => response.once("data", resolve));
    response.destroy();
  }
  if (noticesLeavingEarly) {
    const controller = new AbortController();
    const call = fetch(`${origin}/hang`, { signal: controller.signal }).catch(() => {});
    await until(async () => (await counts())["GET /hang"]?.inFlight);
    controller.abort();
    await call;
  }
  const settled = await until(async () => {
    const now = await counts();
    return !Object.values(now).some(({ inFlight }) => inFlight) && now;
  });
  expect(settled).toEqual({
    "GET /users/:id": { "ran ok": 2 },
    "GET /stream": { "ran ok": 1 },
    "GET /admin/:page": { denied: 1 },
    "GET /throw": { "ran internal": 1, threw: 1 },
    "GET /calls": { "ran ok": 1 },
    Upstream: CALLED,
    Shop: {
      "ran ok": 4,
      "ran unauthenticated": 1,
      "ran internal": 1,
      "ran not_found": 1,
      ...(noticesLeaving && { "ran cancelled": noticesLeavingEarly ? 2 : 1 }),
    },
    ...(noticesLeaving && { "GET /endless": { "ran cancelled": 1 } }),
    ...(noticesLeavingEarly && { "GET /hang": { "ran cancelled": 1 } }),
  });
}
