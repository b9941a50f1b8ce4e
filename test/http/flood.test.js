// A crowd of which half never reads, at an endpoint and a live page of 4,096 services with hostile names, in a process
// that records a million calls a second meanwhile.

import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { get } from "../support/http-client.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** So many scrapers, and so many viewers. */
const COUNT = 50;
const WINDOWS = 20;
const WINDOW_MS = 1000;

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

/** Alone on two cores it is 5 to 8 ms, most of it garbage collection; other tests run at the same time. */
const MAX_EXCESS_MS = 40;

async function measure() {
  const server = await startChild("server.js");
  // Idle is a process that has answered before: code that ran once is loaded and compiled.
  for (const path of ["/metrics", "/page?format=json"])
    await get(`${server.message.origin}${path}`, { headers: { "accept-encoding": "gzip" } });
  server.child.send("record");
  await server.ask();
  await sleep(2000);
  const idle = await server.ask();
  const clients = await startChild("clients.js", server.message.origin, String(COUNT));
  const idler = await startChild("noise.js");
  await sleep(2000);
  await Promise.all([server.ask(), idler.ask()]);
  const windows = [];
  for (let i = 0; i < WINDOWS; i++) {
    await sleep(WINDOW_MS);
    const [measured, noise] = await Promise.all([server.ask(), idler.ask()]);
    windows.push({ ...measured, excessMs: measured.longestMs - noise.longestMs });
  }
  const { recorded, counted, seconds } = windows.at(-1);
  const result = {
    recorded,
    counted,
    callsPerSecond: recorded / seconds,
    mostMegabytes: (Math.max(...windows.map(({ mostBytes }) => mostBytes)) - idle.mostBytes) / 1e6,
    excessMs: median(windows.map(({ excessMs }) => excessMs)),
    ...(await clients.ask()),
  };
  for (const child of children.splice(0)) child.kill("SIGKILL");
  return result;
}

/** Whether nine in ten got whole answers. Alone, all do. */
function served({ statuses, broken }) {
  const whole = statuses[200] ?? 0;
  const others = Object.entries(statuses).reduce(
    (sum, [status, count]) => sum + (status === "200" ? 0 : count),
    broken,
  );
  return whole >= COUNT / 2 && others <= whole / 9;
}

describe("50 scrapers and 50 viewers, half of whom never read", () => {
  let result;

  // Again if the machine was too busy with other things.
  beforeAll(async () => {
    for (let run = 0; run < 3; run++) {
      result = await measure();
      const { mostMegabytes, excessMs, scrapes, views } = result;
      if (mostMegabytes < 150 && excessMs < MAX_EXCESS_MS && served(scrapes) && served(views)) break;
    }
  }, 180_000);

  afterAll(() => {
    for (const child of children) child.kill("SIGKILL");
  });

  test("every call is counted, up to a million a second", () => {
    expect(result.counted).toBe(result.recorded);
    // Where the machine has no core to spare for it, the process that records falls behind the clock.
    expect(result.callsPerSecond).toBeGreaterThan(250_000);
  });

  test("memory stays within 150 MB of what the idle process takes", () => {
    expect(result.mostMegabytes).toBeLessThan(150);
  });

  test("the event loop stalls hardly longer than that of an idle process beside it", () => {
    expect(result.excessMs).toBeLessThan(MAX_EXCESS_MS);
  });

  test("whoever reads gets whole answers, most scrapers within their timeout", () => {
    const { scrapes, views } = result;
    expect(served(scrapes)).toBe(true);
    expect(served(views)).toBe(true);
  });
});
