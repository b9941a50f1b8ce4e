// Times contenders against each other in one process, in rounds in which each takes its turn; results are medians.

const WARM_UP_MS = 250;

/**
 * Number of rounds, and ms per sample: few for a quick look, more for a record. Samples are short, so that most fit
 * between two interruptions.
 */
export function effort({ quick }) {
  return quick ? { rounds: 41, sampleMs: 3 } : { rounds: 151, sampleMs: 4 };
}

/**
 * Times `contenders`, each `{ name, run(iterations) }`. Returns for each the nanoseconds per iteration in each round,
 * and the total of iterations `done`. Each round starts with another contender, so that noise affects all alike.
 * `before`, if given, runs untimed before each sample.
 */
export async function compare(title, contenders, { rounds, sampleMs, before }) {
  const entries = [];
  for (const { name, run } of contenders) {
    progress(`${title}: warming up ${name}`);
    entries.push({ name, run, ns: [], ...(await warmUp(run, sampleMs)) });
  }
  for (let round = 0; round < rounds; round++) {
    progress(`${title}: round ${round + 1} of ${rounds}`);
    for (const entry of inTurn(entries, round)) {
      before?.();
      const startMs = performance.now();
      consume(await entry.run(entry.iterations));
      entry.ns.push(((performance.now() - startMs) * 1e6) / entry.iterations);
      entry.done += entry.iterations;
    }
  }
  return entries.map(({ name, ns, done }) => ({ name, ns, done }));
}

/** All entries, rotated so that each round starts with another one. */
export function inTurn(entries, round) {
  const first = round % entries.length;
  return [...entries.slice(first), ...entries.slice(0, first)];
}

/** Runs long enough to be compiled. Returns the number of iterations that fill a sample, and how many were done. */
async function warmUp(run, sampleMs) {
  let iterations = 1;
  let done = 0;
  const startMs = performance.now();
  for (;;) {
    const sampleStartMs = performance.now();
    consume(await run(iterations));
    done += iterations;
    const nowMs = performance.now();
    const takenMs = nowMs - sampleStartMs;
    if (nowMs - startMs > WARM_UP_MS && takenMs > sampleMs / 4) {
      return { done, iterations: Math.max(1, Math.round((iterations * sampleMs) / takenMs)) };
    }
    if (takenMs < sampleMs) iterations *= 2;
  }
}

export function median(values) {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** How many times as long as `fast` `slow` took: the median of each round's ratio, which slow moments affect little. */
export function ratio(slow, fast) {
  return median(slow.ns.map((ns, round) => ns / fast.ns[round]));
}

/** Uses up all results, so that no compiler removes the work as dead code. */
export let consumed = 0;

function consume(result) {
  consumed += typeof result === "number" ? result : (result?.length ?? 0);
}

let lastProgressMs = Number.NEGATIVE_INFINITY;

/** On a terminal a single line that is overwritten; elsewhere a new line every few seconds. */
export function progress(text) {
  const nowMs = performance.now();
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  else if (nowMs - lastProgressMs > 5000) {
    lastProgressMs = nowMs;
    console.error(text);
  }
}
