// A whole scrape over HTTP, from the request to the last byte: its duration, the longest time for which it blocks the
// server's event loop, and its memory.

import { fork } from "node:child_process";
import { once } from "node:events";
import { get } from "node:http";
import { fileURLToPath } from "node:url";
import { LISTENERS } from "../contenders/endpoints.js";
import { inTurn, median, progress, ratio } from "../harness.js";
import { bytes, duration, significant, times } from "../results.js";

const SERVICES = 4096;
const NAMES = Object.keys(LISTENERS);
const STALL_GOAL_MS = 5;

const NOTES = [
  "Each contender serves 4,096 services from node:http in its own process; the client, in another process, reads as fast as data arrives " +
    "and keeps nothing. All servers run at the same time and are scraped in turn, after two discarded scrapes each.",
  "The stall is the longest time between two turns of the server's event loop during a scrape: its median, and the worst of all. Memory is " +
    "the peak over all scrapes, minus the memory of the filled process after a garbage collection.",
  "nrpc-metrics is measured again with `Accept-Encoding: gzip`, which Prometheus sends; Node compresses outside the event loop. The others don't compress.",
];

export default async function http({ quick }) {
  const servers = [];
  for (const name of NAMES) {
    progress(`http: filling ${name}`);
    servers.push(await start(name));
  }
  const plain = servers.map((server) => ({ ...server, headers: {} }));
  const contenders = [...plain, { ...plain[0], name: `${NAMES[0]}, gzip`, headers: { "accept-encoding": "gzip" } }];
  for (const contender of contenders) Object.assign(contender, { ns: [], pausesNs: [], bodyBytes: 0, tookBytes: 0 });
  const warmUps = 2;
  const rounds = (quick ? 5 : 25) + warmUps;
  for (let round = 0; round < rounds; round++) {
    progress(`http: round ${round + 1} of ${rounds}`);
    for (const contender of inTurn(contenders, round)) {
      await contender.ask();
      const startMs = performance.now();
      contender.bodyBytes = await scrape(contender);
      const tookNs = (performance.now() - startMs) * 1e6;
      const { pauseMs, tookBytes } = await contender.ask();
      if (round < warmUps) continue;
      contender.ns.push(tookNs);
      contender.pausesNs.push(pauseMs * 1e6);
      contender.tookBytes = tookBytes;
    }
  }
  for (const { stop } of servers) stop();
  for (const { name, bodyBytes } of plain) {
    if (!(bodyBytes > SERVICES * 40 * 40)) throw new Error(`${name} sent only ${bodyBytes} bytes`);
  }
  const [ours] = contenders;
  const stallMs = median(ours.pausesNs) / 1e6;
  return {
    title: "A whole scrape over HTTP",
    notes: NOTES,
    tables: [
      {
        title: "4,096 services",
        columns: ["", "whole scrape", `vs ${ours.name}`, "longest stall", "worst stall", "memory", "body"],
        rows: contenders.map((contender) => [
          contender.name,
          duration(median(contender.ns)),
          times(ratio(contender, ours)),
          duration(median(contender.pausesNs)),
          duration(Math.max(...contender.pausesNs)),
          `${Math.round(contender.tookBytes / 1e6)} MB`,
          bytes(contender.bodyBytes),
        ]),
        ns: Object.fromEntries(contenders.map(({ name, ns }) => [name, ns])),
      },
    ],
    goals: [
      {
        what: "longest stall of the event loop during a scrape over HTTP",
        value: `${significant(stallMs)} ms`,
        wanted: `at most ${STALL_GOAL_MS} ms`,
        met: stallMs <= STALL_GOAL_MS,
      },
    ],
  };
}

async function start(name) {
  const script = fileURLToPath(new URL("../children/endpoint.js", import.meta.url));
  const child = fork(script, [name, String(SERVICES)], { execArgv: [] });
  const failed = once(child, "exit").then(([code]) => Promise.reject(new Error(`${name} ended with code ${code}`)));
  failed.catch(() => {}); // an exit that nothing waits for is the regular end
  const answer = async () => (await Promise.race([once(child, "message"), failed]))[0];
  const { port } = await answer();
  const ask = () => {
    child.send("report");
    return answer();
  };
  return { name, port, ask, stop: () => child.disconnect() };
}

/** Returns the length of the body in bytes. */
async function scrape({ port, headers }) {
  const [response] = await once(get({ host: "127.0.0.1", port, path: "/metrics", headers }), "response");
  let length = 0;
  response.on("data", (chunk) => {
    length += chunk.length;
  });
  await once(response, "end");
  return length;
}
