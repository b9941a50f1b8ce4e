// The endpoint of the packed package in workerd.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { get, open, until } from "../../support/http-client.js";
import { parse } from "../../support/text-parser.js";
import { startWorker } from "../../support/runtimes/workerd.js";
import { LIMIT_MS, MAX_SCRAPES } from "./counted.js";
import { expectAnswers, expectPatience } from "./expect-answers.js";

const folder = "test/runtime/http";

describe.each(["2024-01-01", "2026-04-01"])("workerd of %s", (compatibilityDate) => {
  let miniflare;
  let url;
  beforeAll(async () => {
    miniflare = await startWorker([`${folder}/worker.js`, `${folder}/counted.js`], { compatibilityDate });
    url = new URL("/metrics", await miniflare.ready).href;
  });
  afterAll(() => miniflare?.dispose());

  test("the endpoint serves the same bytes as in any runtime, gzipped once", async () => {
    await expectAnswers(url, { services: 4096 });
  });

  test("scrapes in one isolate do not wait for each other, nor for a client that is slow or has disconnected", async () => {
    await expectPatience(url, { services: 4096 });
  });

  test("a client that reads too slowly gets no part that looks whole", async () => {
    const slow = await open(url);
    const startMs = performance.now();
    await until(() => performance.now() > startMs + LIMIT_MS + 200);
    expect((await get(url)).status).toBe(200);
    // workerd ends a body that was broken off like a whole one, so that the text itself has to be invalid.
    const text = Buffer.concat(await slow.toArray()).toString();
    expect(text).toMatch(/^nrpc_.*\n\n! the response was cut off\n$/m);
    expect(() => parse(text)).toThrow();
  });

  test("clients that disconnect without notice hold their places no longer than a scrape may take", async () => {
    await Promise.all(Array.from({ length: 2 * MAX_SCRAPES }, async () => (await open(url)).destroy()));
    const goneMs = performance.now();
    await until(() => performance.now() > goneMs + LIMIT_MS + 100);
    expect((await get(url)).status).toBe(200);
  });
});
