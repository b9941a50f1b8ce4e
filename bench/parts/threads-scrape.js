// The cost of a snapshot and a scrape when four worker threads hold the services.

import { assertSamples, samples, times } from "../answers.js";
import { collectGarbage } from "../collect-garbage.js";
import * as plain from "../contenders/nrpc-copy.js";
import * as shared from "../contenders/nrpc-threads.js";
import * as prometheus from "../contenders/prometheus-io.js";
import { compare, progress } from "../harness.js";
import { atMostNs, timesTable } from "../results.js";
import { startWorker } from "../workers.js";
import { makeServices } from "../workload.js";

const THREADS = 4;

const NOTES = [
  "Four worker threads hold the same services, all with their 40 series, and are idle during a scrape, because a busy thread would delay a " +
    "client that gathers by messages. First, all samples are compared with four times those of a plain registry.",
  "nrpc-metrics/threads: `snapshot()`, and `snapshot().prometheusBytes()` for a scrape. The main thread has a slab too, so five are added " +
    "up. The plain registry holds the services of one thread and shows the cost of a snapshot without threads.",
  "A snapshot is a copy, of 300 kB here, either into memory that the process still has or into 75 pages fresh from the system at 10 µs each. " +
    "Which of the two it is differs between processes and far outweighs the adding: the ratio to the plain registry is 10 or 1.",
  "@prometheus-io/client: `workerMetrics()` of its `WorkerRegistry`, which asks all workers over a BroadcastChannel, receives their metrics as " +
    "objects, adds them up and returns a string, before encoding.",
];

export default async function scrape({ quick }) {
  const snapshots = await compareSnapshots({ rounds: quick ? 21 : 75, sampleMs: 10 });
  const scrapes = await compareScrapes({ rounds: quick ? 7 : 25, sampleMs: 100 });
  return {
    title: "Snapshot and scrape of four threads",
    notes: NOTES,
    tables: [
      timesTable("snapshot() of 1,000 services", snapshots, snapshots[1]),
      timesTable("Scrape of 100 services", scrapes, scrapes[0]),
    ],
    goals: [atMostNs("snapshot() of 4 threads with 1,000 services each", snapshots[0], 2e6)],
  };
}

async function compareSnapshots(effort) {
  const one = filledPlain(1000);
  const { registry, stop } = await filledShared(1000, one);
  const contenders = [
    { name: "nrpc-metrics/threads, 4 threads", run: repeat(() => registry.snapshot().get.length) },
    { name: plain.name, run: repeat(() => one.snapshot().get.length) },
  ];
  const entries = await compare("snapshots", contenders, { ...effort, before: collectGarbage });
  await stop();
  return entries;
}

async function compareScrapes(effort) {
  const one = filledPlain(100);
  const { registry, stop } = await filledShared(100, one);
  const peer = await filledPeer(100, one);
  const contenders = [
    { name: "nrpc-metrics/threads", run: repeat(() => shared.bytes(registry).length) },
    { name: "@prometheus-io/client", run: repeatAsync(async () => (await peer.text()).length) },
  ];
  const entries = await compare("scrapes", contenders, { ...effort, before: collectGarbage });
  await stop();
  await peer.stop();
  return entries;
}

function filledPlain(serviceCount) {
  const registry = plain.create();
  for (const service of makeServices(serviceCount)) plain.fill(registry, service);
  return registry;
}

/** A shared registry that workers fill and this thread only creates. */
async function filledShared(serviceCount, one) {
  const registry = shared.create();
  const stop = await fillingWorkers({ library: "nrpc-threads", handle: registry.handle, serviceCount });
  assertSamples(shared.name, samples(shared.text(registry)), expectedOf(one));
  return { registry, stop };
}

async function filledPeer(serviceCount, one) {
  const text = prometheus.gatherer();
  const stop = await fillingWorkers({ library: "prometheus-io", serviceCount });
  while (prometheus.workerCount() < THREADS) await new Promise(setImmediate); // workers announce themselves by messages
  assertSamples(prometheus.name, samples(await text()), expectedOf(one));
  return { text, stop };
}

async function fillingWorkers(workerData) {
  progress(`filling ${workerData.serviceCount} services of ${workerData.library} in ${THREADS} threads`);
  const workers = Array.from({ length: THREADS }, () => startWorker("services.js", workerData));
  await Promise.all(workers.map(({ ask }) => ask({ what: "filled" })));
  return () => Promise.all(workers.map(({ stop }) => stop()));
}

const expectedOf = (one) => times(samples(plain.text(one)), THREADS);

// Two functions, so that no synchronous contender waits for a promise.
function repeat(make) {
  return (iterations) => {
    let made = 0;
    for (let i = 0; i < iterations; i++) made += make();
    return made;
  };
}

function repeatAsync(make) {
  return async (iterations) => {
    let made = 0;
    for (let i = 0; i < iterations; i++) made += await make();
    return made;
  };
}
