// A crowd of which half never reads, and a real Prometheus, at an endpoint and a live page of 4,096 services with
// hostile names, in a process that records a million calls a second meanwhile. Runs while no other test does.

import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { get } from "../support/http-client.js";
import { installed } from "../support/installed.js";
import { PROMETHEUS, startScraping } from "../support/prometheus.js";

/** So many scrapers, and so many viewers. */
const COUNT = 50;
const SECONDS = 20;
const SCRAPE_SECONDS = 10;
const SCRAPES = 3;
const MAX_MEGABYTES = 150;
const MAX_EXCESS_MS = 5;

const children = [];

async function startChild(file, ...args) {
  const child = fork(fileURLToPath(new URL(`flood/${file}`, import.meta.url)), args);
  children.push(child);
  const [message] = await once(child, "message");
  const ask = async (text = "report") => {
    child.send(text);
    const [answer] = await once(child, "message");
    return answer;
  };
  return { child, message, ask };
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

function stopChildren() {
  for (const child of children.splice(0)) child.kill("SIGKILL");
}

/** Starts the server and, once it is known what it takes when idle, the crowd. */
async function startCrowd() {
  const server = await startChild("server.js");
  const { origin } = server.message;
  // Idle is a process that has answered before: code that ran once is loaded and compiled.
  for (const path of ["/metrics", "/page?format=json"])
    await get(`${origin}${path}`, { headers: { "accept-encoding": "gzip" } });
  server.child.send("record");
  await server.ask();
  await sleep(2000);
  const idle = await server.ask();
  const clients = await startChild("clients.js", origin, String(COUNT));
  return { server, clients, origin, idleBytes: idle.mostBytes };
}

async function measure() {
  const { server, clients, idleBytes } = await startCrowd();
  const idler = await startChild("noise.js");
  await sleep(2000);
  await Promise.all([server.ask(), idler.ask()]);
  const windows = [];
  for (let i = 0; i < SECONDS; i++) {
    await sleep(1000);
    const [{ longestMs, mostBytes }, noise] = await Promise.all([server.ask(), idler.ask()]);
    windows.push({ longestMs, noiseMs: noise.longestMs, excessMs: longestMs - noise.longestMs, mostBytes });
  }
  const most = (key) => Math.max(...windows.map((each) => each[key]));
  return {
    mostMegabytes: (most("mostBytes") - idleBytes) / 1e6,
    typicalExcessMs: median(windows.map(({ excessMs }) => excessMs)),
    longestExcessMs: most("longestMs") - most("noiseMs"),
    ...(await server.ask("count")),
    ...(await clients.ask()),
  };
}

const isWithinGoals = ({ mostMegabytes, typicalExcessMs, longestExcessMs }) =>
  mostMegabytes <= MAX_MEGABYTES && typicalExcessMs <= MAX_EXCESS_MS && longestExcessMs <= MAX_EXCESS_MS;

describe("50 scrapers and 50 viewers, half of whom never read", () => {
  let result;

  // Again if the machine was busy with something else: then even the noise is not the same for two processes.
  beforeAll(async () => {
    for (let run = 0; run < 5; run++) {
      result = await measure().finally(stopChildren);
      if (isWithinGoals(result)) break;
    }
  }, 300_000);

  afterAll(stopChildren);

  test("every call is counted, at a million a second", () => {
    expect(result.counted).toBe(result.recorded);
    expect(result.callsPerSecond).toBeGreaterThan(900_000);
  });

  test("memory stays within 150 MB of what the idle process takes", () => {
    expect(result.mostMegabytes).toBeLessThanOrEqual(MAX_MEGABYTES);
  });

  test("the event loop stalls at most 5 ms longer than that of an idle process beside it", () => {
    expect(result.typicalExcessMs).toBeLessThanOrEqual(MAX_EXCESS_MS);
    expect(result.longestExcessMs).toBeLessThanOrEqual(MAX_EXCESS_MS);
  });

  test("whoever reads gets whole answers", () => {
    for (const { statuses, broken } of [result.scrapes, result.views]) {
      expect(Object.keys(statuses)).toEqual(["200"]);
      expect(statuses[200]).toBeGreaterThanOrEqual(COUNT / 2);
      expect(broken).toBe(0);
    }
  });

  // Not while stalls are measured, because Prometheus keeps both cores busy with 210,000 new series.
  test.skipIf(!installed(PROMETHEUS, "apt install prometheus"))(
    "a Prometheus beside them is always served within its timeout",
    { timeout: 120_000 },
    async () => {
      const { origin } = await startCrowd();
      const prometheus = await startScraping({ crowded: `${origin}/metrics` }, `${SCRAPE_SECONDS}s`);
      try {
        let scrapes = [];
        for (; scrapes.length < SCRAPES; await sleep(500)) {
          const [series] = (await prometheus.ask("query", { query: "up[5m]" })).result;
          scrapes = series?.values ?? [];
        }
        expect(scrapes.map(([, up]) => up)).not.toContain("0");
      } finally {
        await prometheus.stop();
      }
    },
  );
});
