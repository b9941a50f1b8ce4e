// How the live page's handler and listener answer requests.

import { createServer } from "node:http";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { pageHandler, pageListener } from "nrpc-metrics/page";
import { createSharedRegistry } from "nrpc-metrics/threads";
import { describe, expect, onTestFinished, test } from "vitest";

/** The handler and the listener, each behind a function that answers requests. */
const KINDS = [
  {
    kind: "pageHandler",
    async answer(registry, options) {
      const page = pageHandler(registry, options);
      onTestFinished(() => page.close());
      return (path, init) => page(new Request(`http://localhost${path}`, init));
    },
  },
  {
    kind: "pageListener",
    async answer(registry, options) {
      const page = pageListener(registry, options);
      const server = createServer(page);
      await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
      onTestFinished(() => {
        page.close();
        server.closeAllConnections();
        server.close();
      });
      return (path, init) => fetch(`http://127.0.0.1:${server.address().port}${path}`, init);
    },
  },
];

const nonceIn = (html) => /<script type="module" nonce="([^"]+)">/.exec(html)[1];

describe.each(KINDS)("$kind", ({ answer }) => {
  test("the live page's policy only allows its own script and style, by a new nonce each time", async () => {
    const get = await answer(new RpcMetricsRegistry());
    const nonces = new Set();
    for (let i = 0; i < 3; i++) {
      const response = await get("/anywhere/at/all");
      expect(response.status).toBe(200);
      expect(Object.fromEntries(response.headers)).toMatchObject({
        "content-type": "text/html; charset=utf-8",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
      });
      const html = await response.text();
      const nonce = nonceIn(html);
      nonces.add(nonce);
      expect(atob(nonce)).toHaveLength(18); // more than anybody can guess
      expect(html).toContain(`<style nonce="${nonce}">`);
      expect(html.match(/<script|<style|\son\w+="|\sstyle="/g)).toEqual(["<style", "<script"]);
      for (const [, host] of html.matchAll(/https?:\/\/([\w.]+)/g)) expect(host).toBe("www.w3.org"); // namespaces, not links
      expect(response.headers.get("content-security-policy")).toBe(
        `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; connect-src 'self'; img-src data:; ` +
          "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      );
    }
    expect(nonces.size).toBe(3);
  });

  test("with the option nonce, the live page uses the app's nonce and sets no policy", async () => {
    const get = await answer(new RpcMetricsRegistry(), {
      nonce: (request) => request.headers["x-nonce"] ?? "b64+/_-==",
    });
    const response = await get("/");
    expect(response.headers.get("content-security-policy")).toBeNull();
    expect(nonceIn(await response.text())).toBe("b64+/_-==");
  });

  test.each([
    '"><script>',
    '"><script>alert(1)</script><b id="x',
    'YWJj"><script>alert(1)</script>',
    "YWJj\n",
    "YW=Jj",
    "YWJj===",
    "=",
    "",
    undefined,
    5,
  ])("the live page answers 500 if the app's nonce is %j", async (nonce) => {
    const get = await answer(new RpcMetricsRegistry(), { nonce: () => nonce });
    const response = await get("/");
    expect(response.status).toBe(500);
    expect(await response.text()).toContain("base64, got");
  });

  test.each(["YWJj", 5, null])(
    "the live page refuses %j for the option nonce, which must be a function",
    async (nonce) => {
      const making = answer(new RpcMetricsRegistry(), { nonce });
      await expect(making).rejects.toThrow(TypeError);
      await expect(making).rejects.toThrow("nonce must be a function that returns base64, got");
    },
  );

  test("the live page answers 500 if the app's nonce() throws, and still serves data", async () => {
    const get = await answer(new RpcMetricsRegistry(), {
      nonce() {
        throw new Error("no session");
      },
    });
    const response = await get("/");
    expect(response.status).toBe(500);
    expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(await response.text()).toBe("nonce() threw: no session\n");
    expect((await get("/?format=json")).status).toBe(200);
  });

  test("the live page's data has the shape that its types declare", async () => {
    const registry = new RpcMetricsRegistry({ buckets: [0.1, 1], maxServices: 1 });
    registry.forService("a");
    for (let i = 0; i < 3; i++) registry.forService(`late ${i}`);
    const get = await answer(registry);
    registry.forService("a").recordCall(0, 5e8);
    const response = await get("/rpc?format=json&window=hour&service=a&token=not-ours&window=start#hash");
    expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("no-store");
    const data = await response.json();
    const { length } = data.rows[0];
    const added = Array(length - 19).fill(0); // of columns that were added later
    expect(data).toEqual({
      version: 1,
      window: "start",
      spanSeconds: expect.any(Number),
      buckets: [0.1, 1],
      overflowLookups: 3,
      sparkSeconds: [],
      details: [
        {
          service: "a",
          latency: [0, 1, 0],
          handlerDuration: [0, 0, 0],
          calls: [],
          errors: [],
          handlerInvocations: [],
          callFaults: [],
          handlerFaults: [],
          callStatuses: {},
          handlerStatuses: {},
        },
      ],
      columns: expect.arrayContaining(["service", "calls", "latencyP99"]),
      rows: [
        ["__overflow__", 0, 0, 0, 0, 0, 0, null, null, null, 0, 0, 0, null, null, null, 0, 0, 0, ...added],
        ["a", 1, 0, 0, 0, 0, 0, 0.55, 0.955, 0.991, 0, 0, 0, null, null, null, 0, 0, 0, ...added],
      ],
    });
    expect(data.columns).toHaveLength(data.rows[0].length);
  });

  test.each([
    ['format must be one of html, json, got "xml"', "?format=xml"],
    ['window must be one of minute, hour, start, got "day"', "?format=json&window=day"],
    ['window must be one of minute, hour, start, got "\\"<b>"', "?window=%22%3Cb%3E"],
    ["service must be given at most 200 times, got 201", "?service=a&".padEnd(201 * 10 + 1, "service=a&")],
  ])("the live page answers 400 to a bad query, with the value and what was expected: %s", async (message, query) => {
    const get = await answer(new RpcMetricsRegistry());
    const response = await get(`/${query}`);
    expect(response.status).toBe(400);
    expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(await response.text()).toBe(`${message}\n`);
  });

  test.each(["POST", "PUT", "DELETE", "OPTIONS"])("the live page answers 405 to %s", async (method) => {
    const get = await answer(new RpcMetricsRegistry());
    const response = await get("/", { method });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET, HEAD");
    expect(await response.text()).toBe(`${method} is not allowed\n`);
  });

  test.each(["/", "/?format=json", "/?format=no"])(
    "the live page answers HEAD %s like GET, without a body",
    async (path) => {
      const get = await answer(new RpcMetricsRegistry());
      const [head, full] = [await get(path, { method: "HEAD" }), await get(path)];
      expect(head.status).toBe(full.status);
      expect(head.headers.get("content-type")).toBe(full.headers.get("content-type"));
      expect(await head.text()).toBe("");
      expect(await full.text()).not.toBe("");
    },
  );

  test("requests that come together for other services or windows each get what they asked for", async () => {
    const registry = new RpcMetricsRegistry({ services: ["a", "b"] });
    const get = await answer(registry);
    const asked = ["", "&service=a", "&service=b", "&service=a&service=b", "&window=hour", "&window=hour&service=a"];
    const bodies = await Promise.all(
      asked.map(async (query) => {
        const { window, details } = await (await get(`/?format=json${query}`)).json();
        return [window, ...details.map(({ service }) => service)];
      }),
    );
    expect(bodies).toEqual([
      ["minute"],
      ["minute", "a"],
      ["minute", "b"],
      ["minute", "a", "b"],
      ["hour"],
      ["hour", "a"],
    ]);
  });

  test("the live page answers 503 for data of a detached shared registry, and still serves the page", async () => {
    const registry = createSharedRegistry();
    const get = await answer(registry);
    registry.detach();
    const response = await get("/?format=json");
    expect(response.status).toBe(503);
    expect(await response.text()).toMatch(/^there is no snapshot: .+\n$/);
    expect((await get("/")).status).toBe(200);
  });
});

test.each([
  ["pageHandler", pageHandler],
  ["pageListener", pageListener],
])("%s refuses a value that is not a registry", (_, make) => {
  for (const wrong of [undefined, null, {}, "registry"])
    expect(() => make(wrong)).toThrow(/^registry must be an RpcMetricsRegistry, got /);
});

test("the live page's data of 4,096 services is a few hundred kilobytes, made in slices that let other work run", async () => {
  const registry = new RpcMetricsRegistry();
  for (let i = 0; i < 4096; i++) registry.forService(`pkg.v1.Service${i}/Method`).recordCall(i % 5, i * 1e6);
  const page = pageHandler(registry);
  onTestFinished(() => page.close());
  let others = 0;
  const timer = setInterval(() => others++);
  const response = await page(new Request("http://localhost/?format=json"));
  const text = await response.text();
  clearInterval(timer);
  expect(others).toBeGreaterThan(5);
  expect(text.length).toBeLessThan(600_000);
  expect(JSON.parse(text).rows).toHaveLength(4096);
});

test("for HEAD, the live page makes none of the data", async () => {
  const registry = new RpcMetricsRegistry({ services: ["a"] });
  const snapshot = registry.snapshot();
  const { data } = snapshot;
  let made = 0;
  const service = {
    ...data.services[0],
    get row() {
      made++;
      return 0;
    },
  };
  Object.defineProperty(snapshot, "data", { value: { ...data, services: [service] } });
  const page = pageHandler({ snapshot: () => snapshot });
  onTestFinished(() => page.close());
  const ask = (method) => page(new Request("http://localhost/?format=json", { method }));
  expect((await ask("HEAD")).status).toBe(200);
  expect(made).toBe(0);
  await (await ask("GET")).text();
  expect(made).toBeGreaterThan(0);
});

test("version 1 of the data begins with the columns that it has always had", async () => {
  const page = pageHandler(new RpcMetricsRegistry());
  onTestFinished(() => page.close());
  const { version, columns } = await (await page(new Request("http://localhost/?format=json"))).json();
  expect(version).toBe(1);
  expect(columns.slice(0, 19)).toEqual([
    "service",
    "calls",
    "errorsNoRoute",
    "errorsTimeout",
    "errorsServer",
    "errorsTransport",
    "inFlight",
    "latencyP50",
    "latencyP95",
    "latencyP99",
    "handlerInvocations",
    "handlerPanics",
    "handlerInFlight",
    "handlerDurationP50",
    "handlerDurationP95",
    "handlerDurationP99",
    "streamingChunksEmitted",
    "streamingChunksDropped",
    "capabilityDenied",
  ]);
});
