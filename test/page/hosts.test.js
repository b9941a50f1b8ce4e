// For which hosts the live page answers, and what all its replies say to browsers.

import { connect, createServer } from "node:http2";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { metricsHandler, metricsListener } from "nrpc-metrics/http";
import { pageHandler, pageListener } from "nrpc-metrics/page";
import { describe, expect, onTestFinished, test } from "vitest";
import { get, serve } from "../support/http-client.js";

const registry = new RpcMetricsRegistry();

async function servePage(options) {
  const page = pageListener(registry, options);
  onTestFinished(() => page.close());
  return serve(page);
}

describe("a live page without the option allowedHosts", () => {
  test.each([
    "localhost",
    "LocalHost:9465",
    "localhost.",
    "app.localhost:1",
    "127.0.0.1:9465",
    "10.1.2.3",
    "[::1]:9465",
    "[fe80::1]",
  ])("answers for %s", async (host) => {
    const origin = await servePage();
    for (const path of ["/", "/?format=json"])
      expect((await get(`${origin}${path}`, { headers: { host } })).status).toBe(200);
  });

  test.each(["evil.example", "evil.example:9465", "127.0.0.1.evil.example", "localhost.evil.example", "1.2.3", "::1"])(
    "answers 403 for %j, with the value and what was expected",
    async (host) => {
      const origin = await servePage();
      for (const path of ["/", "/?format=json"]) {
        const { status, body } = await get(`${origin}${path}`, { headers: { host } });
        expect([status, body.toString()]).toEqual([
          403,
          `host must be one of the page's allowedHosts, got ${JSON.stringify(host)}\n`,
        ]);
      }
    },
  );

  test("judges HTTP/2 by its authority", async () => {
    const page = pageListener(registry);
    const server = createServer(page);
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    const client = connect(`http://127.0.0.1:${server.address().port}`);
    onTestFinished(() => {
      page.close();
      client.destroy();
      server.close();
    });
    const statusFor = (authority) =>
      new Promise((resolve, reject) => {
        client
          .request({ ":path": "/", ...authority })
          .on("response", (headers) => resolve(headers[":status"]))
          .on("error", reject)
          .resume();
      });
    expect(await statusFor({})).toBe(200);
    expect(await statusFor({ ":authority": "evil.example" })).toBe(403);
  });

  test("judges a fetch request by its header, and else by its URL", async () => {
    const page = pageHandler(registry);
    onTestFinished(() => page.close());
    const statusFor = async (...request) => (await page(new Request(...request))).status;
    expect(await statusFor("http://localhost:1/")).toBe(200);
    expect(await statusFor("http://evil.example/")).toBe(403);
    expect(await statusFor("http://localhost/", { headers: { host: "evil.example" } })).toBe(403);
  });
});

describe("the option allowedHosts", () => {
  test.each([
    [["admin.example.com"], "Admin.Example.com:8443", 200],
    [["ADMIN.example.com"], "admin.example.com", 200],
    [["admin.example.com"], "x.admin.example.com", 403],
    [[".example.com"], "example.com", 200],
    [[".example.com"], "a.b.example.com", 200],
    [[".example.com"], "badexample.com", 403],
    [["a.example", "b.example"], "b.example", 200],
    [["a.example"], "localhost", 200],
    [["*"], "anything.example", 200],
  ])("with %j, a request for %s gets %i", async (allowedHosts, host, status) => {
    const origin = await servePage({ allowedHosts });
    expect((await get(origin, { headers: { host } })).status).toBe(status);
  });

  const names = 'host names without a port, such as "admin.example.com", ".example.com" or "*" for any';
  test.each([
    ["admin.example.com", `allowedHosts must be an array of ${names}, got "admin.example.com"`],
    [null, `allowedHosts must be an array of ${names}, got null`],
    [["a.example:80"], `allowedHosts must be ${names}, got "a.example:80"`],
    [["http://a.example"], 'got "http://a.example"'],
    [["*.a.example"], 'got "*.a.example"'],
    [[""], 'got ""'],
    [["a", 5], "got 5"],
  ])("%j is refused", (allowedHosts, message) => {
    expect(() => pageListener(registry, { allowedHosts })).toThrow(TypeError);
    expect(() => pageHandler(registry, { allowedHosts })).toThrow(message);
  });
});

describe("every reply", () => {
  const handlers = [
    ["the page's", pageHandler(registry)],
    ["the endpoint's", metricsHandler(registry)],
    ["the page's without a snapshot", pageHandler({ snapshot: () => undefined })],
    ["the endpoint's without a snapshot", metricsHandler({ snapshot: () => undefined })],
  ];
  const requests = [
    ["/"],
    ["/?format=json"],
    ["/?format=xml"],
    ["/", { method: "HEAD" }],
    ["/", { method: "POST" }],
    ["/", { headers: { host: "evil.example" } }],
  ];
  test.each(handlers)("of %s tells browsers to keep, embed and guess nothing", async (_, handler) => {
    for (const [path, init] of requests) {
      const { headers } = await handler(new Request(`http://localhost${path}`, init));
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
      expect(headers.get("cache-control")).toBe("no-store");
    }
    handler.close?.();
  });

  test("the listeners' as well", async () => {
    const page = pageListener(registry);
    onTestFinished(() => page.close());
    for (const listener of [page, metricsListener(registry)]) {
      const { headers } = await get(await serve(listener), { method: "POST" });
      expect(headers).toMatchObject({
        "x-content-type-options": "nosniff",
        "cross-origin-resource-policy": "same-origin",
      });
    }
  });
});
