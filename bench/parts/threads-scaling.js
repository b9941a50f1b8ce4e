// Calls per second of two threads compared with one: on a shared registry, and on a registry per thread.

import { assertSamples, expectedOfCalls, samples, sum, times as timesOf } from "../answers.js";
import { create, text } from "../contenders/nrpc-threads.js";
import { inTurn, median, progress, ratio } from "../harness.js";
import { atLeast, duration, significant, times } from "../results.js";
import { startWorker } from "../workers.js";
import { makeCalls, serviceNames } from "../workload.js";

const SAMPLE_MS = 10;
const CALLS = makeCalls(undefined, 1);
const DIFFERENT = serviceNames(2);
const SAME = [DIFFERENT[0], DIFFERENT[0]];

const NOTES = [
  "Two worker threads, warm and otherwise idle, meet at a barrier, each make the same number of calls of one service and report the time taken. " +
    "The rate is the number of all calls divided by the longer time. Samples take 10 ms and alternate between one worker (the first and the " +
    "second in turn) and both, for all contenders in each round. No snapshot is taken meanwhile; every sample is checked afterwards.",
  "One call: `startCall()` and `end(outcome)` with an injected clock, on a kept handle. @platformatic/prom-client: the operations that count the " +
    "same, with bound labels and the elapsed seconds passed in.",
  "A registry per thread is the alternative to a shared one; each is scraped separately. The pure-JS floor adds to a few doubles of each thread " +
    "and allocates nothing: its gain from two threads is what this machine offers to two threads at the time.",
];

export default async function scaling({ quick }) {
  const contenders = [
    { name: "shared registry, the same service", library: "nrpc-threads", services: SAME },
    { name: "shared registry, one service each", library: "nrpc-threads", services: DIFFERENT },
    { name: "one plain registry each", library: "nrpc-metrics", services: SAME },
    { name: "@platformatic/prom-client, one registry each", library: "platformatic", services: SAME },
    { name: "pure-JS floor, separate rows", library: "floor", services: SAME },
  ].map(start);
  for (const contender of contenders) {
    for (const worker of contender.workers) await run([worker], 1);
    await check(contender);
  }
  for (const contender of contenders) await warmUp(contender);
  const rounds = quick ? 41 : 151;
  for (let round = 0; round < rounds; round++) {
    progress(`two threads: round ${round + 1} of ${rounds}`);
    for (const { workers, passes, one, two } of inTurn(contenders, round)) {
      one.ns.push(await run([workers[round % 2]], passes));
      two.ns.push(await run(workers, passes));
    }
  }
  for (const contender of contenders) {
    await check(contender);
    for (const { stop } of contender.workers) await stop();
  }
  const [{ one, two }] = contenders;
  const floor = contenders.at(-1);
  return {
    title: "Two threads compared with one",
    notes: NOTES,
    tables: [table(contenders)],
    goals: [
      atLeast("calls per second of two threads on the same service, relative to one", one, two, 1.8, tried(floor)),
    ],
  };
}

function tried({ one, two }) {
  return (
    "No two threads write to the same page of memory, and nothing in a call waits for another thread. The pure-JS floor, whose threads share " +
    `nothing, reached ${times(ratio(one, two))} in the same run. With both cores free the result was 1.98×, and the floor's 1.97×; when the ` +
    "machine does other work, the second thread gets half a core."
  );
}

function start({ name, library, services }) {
  const registry = library === "nrpc-threads" ? create() : undefined;
  const barrier = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  const workers = services.map((service) => ({
    ...startWorker("calls.js", { library, handle: registry?.handle, service, barrier }),
    service,
    passes: 0,
  }));
  const texts = () => (registry ? [text(registry)] : Promise.all(workers.map(({ ask }) => ask({ what: "text" }))));
  return { name, workers, texts, one: { name, ns: [] }, two: { name, ns: [] } };
}

/** Nanoseconds per call: the longest time of all workers, divided by the number of their calls. */
async function run(workers, passes) {
  for (const worker of workers) worker.passes += passes;
  const request = { what: "run", passes, threads: workers.length };
  const elapsedMs = await Promise.all(workers.map(({ ask }) => ask(request)));
  return (Math.max(...elapsedMs) * 1e6) / (workers.length * passes * CALLS.service.length);
}

/** Warms up both workers at the same time, as they run later, and sets the passes of a sample, the same for both. */
async function warmUp(contender) {
  progress(`two threads: warming up ${contender.name}`);
  const found = await Promise.all(contender.workers.map(({ ask }) => ask({ what: "warmUp" })));
  for (const [i, { passes }] of found.entries()) contender.workers[i].passes += passes;
  contender.passes = Math.max(1, Math.round(SAMPLE_MS * Math.max(...found.map(({ passesInMs }) => passesInMs))));
}

/** The registries of a contender must together hold what all its workers have counted. */
async function check({ name, workers, texts }) {
  const expected = workers.map(({ service, passes }) =>
    timesOf(expectedOfCalls({ ...CALLS, names: [service] }), passes),
  );
  assertSamples(name, sum((await texts()).map(samples)), sum(expected));
}

function table(contenders) {
  return {
    title: "Calls of two threads",
    columns: ["", "one thread", "two threads", "calls/s of one", "calls/s of two", "two vs one"],
    rows: contenders.map(({ name, one, two }) => [
      name,
      ...[one, two].map(({ ns }) => duration(median(ns))),
      ...[one, two].map(({ ns }) => `${significant(1e3 / median(ns))} million`),
      times(ratio(one, two)),
    ]),
    ns: Object.fromEntries(contenders.map(({ name, one, two }) => [name, { one: one.ns, two: two.ns }])),
  };
}
