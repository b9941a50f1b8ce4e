// A crowd of which half never reads, at an endpoint and a live page of 4,096 services with hostile names, in a process
// that records a million calls a second meanwhile.

import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** So many scrapers, and so many viewers. */
const COUNT = 50;
const WINDOWS = 20;
const WINDOW_MS = 1000;
const SCRAPE_TIMEOUT_MS = 10_000;

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

describe("50 scrapers and 50 viewers, half of whom never read", () => {
  let idle;
  const windows = [];
  let readers;

  beforeAll(async () => {
    const server = await startChild("server.js");
    await sleep(2000);
    idle = await server.ask();
    server.child.send("record");
    const clients = await startChild("clients.js", server.message.origin, String(COUNT));
    const spinner = await startChild("spinner.js");
    await sleep(2000);
    await Promise.all([server.ask(), spinner.ask()]);
    for (let i = 0; i < WINDOWS; i++) {
      await sleep(WINDOW_MS);
      const [measured, noise] = await Promise.all([server.ask(), spinner.ask()]);
      windows.push({ ...measured, noiseMs: noise.longestMs });
    }
    readers = await clients.ask();
  }, 120_000);

  afterAll(() => {
    for (const child of children) child.kill("SIGKILL");
  });

  test("every call is counted, a million a second", () => {
    const { recorded, counted, seconds } = windows.at(-1);
    expect(counted).toBe(recorded);
    // Where the machine has no core to spare for it, the process that records falls behind the clock.
    expect(recorded / seconds).toBeGreaterThan(250_000);
  });

  test("memory stays within 150 MB of what the idle process takes", () => {
    const mostBytes = Math.max(...windows.map(({ mostBytes }) => mostBytes));
    expect((mostBytes - idle.mostBytes) / 1e6).toBeLessThan(150);
  });

  test("the event loop stalls no more than 5 ms longer than that of a process that only spins", () => {
    const excess = windows.map(({ longestMs, noiseMs }) => longestMs - noiseMs);
    expect(median(excess)).toBeLessThanOrEqual(5);
  });

  test("whoever reads gets whole answers, scrapers within their timeout", () => {
    const { scrapes, views } = readers;
    expect(scrapes.broken + views.broken).toBe(0);
    expect(Object.keys(scrapes.statuses)).toEqual(["200"]);
    expect(Object.keys(views.statuses)).toEqual(["200"]);
    expect(scrapes.statuses[200]).toBeGreaterThanOrEqual(COUNT / 2);
    expect(scrapes.slowestMs).toBeLessThan(SCRAPE_TIMEOUT_MS);
  });
});
