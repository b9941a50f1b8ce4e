// A process of scrapers and viewers, half of which never read what they asked for. Answers "report" with what the
// others got.

import { request } from "node:http";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const [origin, countText] = process.argv.slice(2);
const count = Number(countText);
const { port } = new URL(origin);
const KINDS = [
  {
    name: "scrapes",
    path: "/metrics",
    pauseMs: 1000,
    headers: { "accept-encoding": "gzip", "x-prometheus-scrape-timeout-seconds": "10" },
  },
  { name: "views", path: "/page?format=json", pauseMs: 2000, pauseFactor: 10, headers: {} },
];
const results = Object.fromEntries(KINDS.map(({ name }) => [name, { statuses: {}, broken: 0, slowestMs: 0 }]));

const open = (path, headers) =>
  new Promise((resolve, reject) => {
    request(`${origin}${path}`, { headers, agent: false }, resolve).on("error", reject).end();
  });

/** Viewers pause ten times as long as a response took, like the page itself. */
async function read({ name, path, pauseMs, pauseFactor = 0, headers }, i) {
  const result = results[name];
  await sleep((i * pauseMs) / count);
  for (;;) {
    const startMs = performance.now();
    try {
      const response = await open(path, headers);
      for await (const _ of response);
      result.statuses[response.statusCode] = (result.statuses[response.statusCode] ?? 0) + 1;
    } catch {
      result.broken++;
    }
    const tookMs = performance.now() - startMs;
    result.slowestMs = Math.max(result.slowestMs, tookMs);
    await sleep(Math.max(pauseMs, pauseFactor * tookMs));
  }
}

async function neverRead({ path }) {
  for (;;) {
    const socket = connect(port, "127.0.0.1");
    socket.pause();
    socket.write(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`);
    await new Promise((resolve) => socket.on("close", resolve).on("error", () => {}));
    await sleep(10);
  }
}

for (const kind of KINDS) {
  for (let i = 0; i < count; i++) {
    if (i % 2 === 0) read(kind, i);
    else neverRead(kind);
  }
}

process.on("message", () => process.send(results));
process.send("started");
