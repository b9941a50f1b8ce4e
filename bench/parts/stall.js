// The longest time for which a scrape blocks the event loop.

import { load, NAMES_WITH_TEXT } from "../contenders/all.js";
import { inTurn, median, progress } from "../harness.js";
import { duration, times } from "../results.js";
import { makeServices } from "../workload.js";

const SERVICES = 4096;

const NOTES = [
  "A heartbeat by setImmediate runs during a scrape of 4,096 services; the stall is its longest pause, from before the " +
    "scrape until after it. Median and worst of interleaved scrapes, after two discarded ones for each contender.",
  "nrpc-metrics runs `snapshot().prometheusBytes()`; the others return a string that still has to be encoded.",
];

export default async function stall({ quick }) {
  const services = makeServices(SERVICES);
  const contenders = [];
  for (const name of NAMES_WITH_TEXT) {
    progress(`stall: filling ${name}`);
    const contender = await load(name);
    const state = contender.create();
    for (const service of services) contender.fill(state, service);
    contenders.push({ name, scrape: () => (contender.bytes ?? contender.text)(state), pausesNs: [] });
  }
  const warmUps = 2;
  const rounds = (quick ? 5 : 15) + warmUps;
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    progress(`stall: round ${round + 1} of ${rounds}`);
    for (const { scrape, pausesNs } of inTurn(contenders, round)) {
      const { pauseNs, length } = await longestPause(scrape);
      if (round >= warmUps) pausesNs.push(pauseNs);
      least = Math.min(least, length);
    }
  }
  if (!(least > SERVICES * 40 * 10)) throw new Error(`a scrape gave only ${least} characters`);
  const ours = median(contenders[0].pausesNs);
  return {
    title: "Longest stall of the event loop during a scrape",
    notes: NOTES,
    tables: [
      {
        title: "4,096 services",
        columns: ["", "median", "worst", `vs ${contenders[0].name}`],
        rows: contenders.map(({ name, pausesNs }) => {
          const pauseNs = median(pausesNs);
          return [name, duration(pauseNs), duration(Math.max(...pausesNs)), times(pauseNs / ours)];
        }),
        ns: Object.fromEntries(contenders.map(({ name, pausesNs }) => [name, pausesNs])),
      },
    ],
    goals: [],
  };
}

async function longestPause(scrape) {
  let beating = true;
  let pauseMs = 0;
  let lastMs = performance.now();
  const beat = () => {
    const nowMs = performance.now();
    pauseMs = Math.max(pauseMs, nowMs - lastMs);
    lastMs = nowMs;
    if (beating) setImmediate(beat);
  };
  setImmediate(beat);
  await new Promise(setImmediate);
  pauseMs = 0;
  const { length } = await scrape();
  await new Promise(setImmediate); // the beat that ends the pause
  await new Promise(setImmediate);
  beating = false;
  return { pauseNs: pauseMs * 1e6, length };
}
