// Calls a second of two threads against those of one: on a registry that they share, and on one for each.

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
  "Two worker threads, warm and otherwise idle, meet at a barrier, make so many calls of one service each, and tell what that took them. " +
    "The rate is all calls by the longer of these times. Samples of 10 ms of one worker, by turns the first and the second, and of both " +
    "alternate, all contenders in each round. No snapshot is taken meanwhile; afterwards every sample is checked.",
  "One call: `startCall()` and `end(outcome)` with an injected clock, the service's handle kept. @platformatic/prom-client: what it takes to " +
    "count the same, labels bound, given the elapsed seconds.",
  "A registry a thread is what there is without a shared one: each is scraped by itself. The pure-JS floor adds to a few doubles of its own and " +
    "allocates nothing: what two threads gain there is what this machine has for two threads at the time.",
];

export default async function scaling({ quick }) {
  const contenders = [
    { name: "shared registry, the same service", library: "nrpc-threads", services: SAME },
    { name: "shared registry, a service each", library: "nrpc-threads", services: DIFFERENT },
    { name: "a plain registry each", library: "nrpc-metrics", services: SAME },
    { name: "@platformatic/prom-client, a registry each", library: "platformatic", services: SAME },
    { name: "pure-JS floor, rows of its own each", library: "floor", services: SAME },
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
    title: "Two threads against one",
    notes: NOTES,
    tables: [table(contenders)],
    goals: [atLeast("calls a second of two threads on the same service, of those of one", one, two, 1.8, tried(floor))],
  };
}

function tried({ one, two }) {
  return (
    "No two threads write into one page of the memory, and nothing in a call waits for another thread. The pure-JS floor, whose threads share " +
    `nothing, reached ${times(ratio(one, two))} in the same run. With both cores free it was 1.98×, the floor 1.97×; beside other work on the ` +
    "machine the second thread finds half a core."
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

/** Nanoseconds of one call, all workers' calls by the longest time. */
async function run(workers, passes) {
  for (const worker of workers) worker.passes += passes;
  const request = { what: "run", passes, threads: workers.length };
  const elapsedMs = await Promise.all(workers.map(({ ask }) => ask(request)));
  return (Math.max(...elapsedMs) * 1e6) / (workers.length * passes * CALLS.service.length);
}

/** Both at once, as they run later; then one sample is as many passes for either. */
async function warmUp(contender) {
  progress(`two threads: warming up ${contender.name}`);
  const found = await Promise.all(contender.workers.map(({ ask }) => ask({ what: "warmUp" })));
  for (const [i, { passes }] of found.entries()) contender.workers[i].passes += passes;
  contender.passes = Math.max(1, Math.round(SAMPLE_MS * Math.max(...found.map(({ passesInMs }) => passesInMs))));
}

/** What all registries of a contender hold together must be what all its workers counted. */
async function check({ name, workers, texts }) {
  const expected = workers.map(({ service, passes }) =>
    timesOf(expectedOfCalls({ ...CALLS, names: [service] }), passes),
  );
  assertSamples(name, sum((await texts()).map(samples)), sum(expected));
}

function table(contenders) {
  return {
    title: "Calls of two threads",
    columns: ["", "one thread", "two threads", "calls a second of one", "of two", "of one thread's"],
    rows: contenders.map(({ name, one, two }) => [
      name,
      ...[one, two].map(({ ns }) => duration(median(ns))),
      ...[one, two].map(({ ns }) => `${significant(1e3 / median(ns))} million`),
      times(ratio(one, two)),
    ]),
    ns: Object.fromEntries(contenders.map(({ name, one, two }) => [name, { one: one.ns, two: two.ns }])),
  };
}
