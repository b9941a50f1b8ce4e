// Whole services: what a call costs, server and client together, unmeasured and measured in several ways.

import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { inTurn, median, progress, ratio } from "../harness.js";
import { duration, significant, times } from "../results.js";

const STACKS = {
  grpc: "gRPC, @grpc/grpc-js",
  connect: "Connect, over HTTP/2",
  trpc: "tRPC, httpLink",
  hono: "Hono, and fetch",
};
const OURS = "nrpc-metrics";
const EMPTY = /^empty/;
const GOAL_NS = 1_000;

const NOTES = [
  "A server and a client in one process make calls over loopback, 16 at a time. Each way to measure them has its own process; all " +
    "run at the same time, and in each round each makes the same number of calls, in turn.",
  "The processor time of a call is that of the whole process, server and client together, system time included.",
  "By hand means hooks that count statuses, durations and calls in flight on both sides with that library.",
];

export default async function stacks({ quick }) {
  const tables = [];
  const goals = [];
  for (const [stack, title] of Object.entries(STACKS)) {
    const entries = await measure(stack, quick ? { rounds: 5, calls: 200 } : { rounds: 31, calls: 300 });
    tables.push(table(title, entries));
    goals.push(goal(title, entries));
  }
  return { title: "Whole services", notes: NOTES, tables, goals };
}

async function measure(stack, { rounds, calls }) {
  const { VARIANTS } = await import(`../stacks/${stack}.js`);
  const entries = [];
  for (const name of VARIANTS) entries.push({ name, child: await start(stack, name), ns: [], rates: [] });
  const warmUps = 5;
  for (let round = 0; round < rounds + warmUps; round++) {
    progress(`stacks: ${stack}, round ${round + 1} of ${rounds + warmUps}`);
    for (const entry of inTurn(entries, round)) {
      const { cpuNs, ns, made, counts } = await entry.child.make(calls);
      for (const count of counts ?? []) {
        if (count !== made) throw new Error(`${entry.name} counted ${count} of ${made} calls`);
      }
      if (round < warmUps) continue;
      entry.ns.push(cpuNs);
      entry.rates.push(1e9 / ns);
    }
  }
  for (const { child } of entries) child.stop();
  return entries;
}

async function start(stack, variant) {
  const script = fileURLToPath(new URL("../children/stack.js", import.meta.url));
  const child = fork(script, [stack, variant], { execArgv: [] });
  const failed = once(child, "exit").then(([code]) => Promise.reject(new Error(`${variant} ended with code ${code}`)));
  failed.catch(() => {}); // an exit that nothing waits for is the regular end
  const answer = async () => (await Promise.race([once(child, "message"), failed]))[0];
  await answer();
  const make = (calls) => {
    child.send(calls);
    return answer();
  };
  return { make, stop: () => child.disconnect() };
}

function table(title, entries) {
  const [nothing] = entries;
  return {
    title,
    columns: ["", "calls per second", "processor time of a call", "more than nothing", `vs ${nothing.name}`],
    rows: entries.map((entry) => [
      entry.name,
      Math.round(median(entry.rates)).toLocaleString("en-US"),
      duration(median(entry.ns)),
      `${significant(extraNs(entry, nothing) / 1e3)} µs`,
      times(ratio(entry, nothing)),
    ]),
    ns: Object.fromEntries(entries.map(({ name, ns }) => [name, ns])),
  };
}

/** How much more processor time a call of `entry` takes: the median of the differences in each round. */
function extraNs(entry, base) {
  return median(entry.ns.map((ns, round) => ns - base.ns[round]));
}

function goal(title, entries) {
  const ours = entries.find(({ name }) => name === OURS);
  const empty = entries.find(({ name }) => EMPTY.test(name));
  const overNs = extraNs(ours, empty);
  return {
    what: `${title}: processor time of a call over ${empty.name}`,
    value: `${significant(overNs / 1e3)} µs`,
    wanted: `at most ${GOAL_NS / 1e3} µs`,
    met: overNs <= GOAL_NS,
  };
}
