// A thread that makes calls of one service on request, on its own registry or a shared one. It makes whole passes over
// the same calls, so that the resulting samples are known.

import { workerData } from "node:worker_threads";
import { makeCalls } from "../workload.js";
import { answerWith } from "./answer.js";

const WARM_UP_MS = 400;

const { library, handle, service, barrier } = workerData;
const work = { ...makeCalls(undefined, 1), names: [service] };
const { calls, text } = contender(await import(`../contenders/${library}.js`));

answerWith({
  text,
  run({ passes, threads }) {
    meet(threads);
    return elapsedMs(passes);
  },
  /** Runs until compiled. Returns the number of passes made, and the number that fit in a millisecond. */
  warmUp() {
    let passes = 0;
    let passMs = 0;
    for (const startMs = performance.now(); performance.now() - startMs < WARM_UP_MS; ) {
      const more = Math.max(1, passes);
      passMs = elapsedMs(more) / more;
      passes += more;
    }
    return { passes, passesInMs: 1 / passMs };
  },
});

function contender(library) {
  if (library.name === "pure-JS floor") {
    const rows = library.create(work.names);
    return { calls: (n) => library.calls(rows, work, n), text: () => library.text(rows) };
  }
  const state = handle ? library.attach(handle) : library.create();
  const text = () => library.text(state);
  if (library.boundHandles) {
    const bound = library.boundHandles(state, work.names);
    return { calls: (n) => library.callsBound(bound, work, n), text };
  }
  const kept = library.keptHandles(state, work.names);
  return { calls: (n) => library.calls(kept, work, n), text };
}

function elapsedMs(passes) {
  const startMs = performance.now();
  calls(passes * work.service.length);
  return performance.now() - startMs;
}

/** Returns once that many threads have called it. */
function meet(threads) {
  const [arrived, meetings] = [0, 1];
  const meeting = Atomics.load(barrier, meetings);
  if (Atomics.add(barrier, arrived, 1) + 1 < threads) {
    Atomics.wait(barrier, meetings, meeting);
  } else {
    Atomics.store(barrier, arrived, 0);
    Atomics.add(barrier, meetings, 1);
    Atomics.notify(barrier, meetings);
  }
}
