// The demo's endless traffic: the same rounds, with pauses that grow and shrink, and a scanner at a gateway.

import { startGateway } from "./gateway.js";
import { scan } from "./scanner.js";
import { runTraffic } from "./traffic.js";

/** Pause between rounds, which take about half a second each. */
const PAUSE_MS = { mean: 600, swing: 500 };
const ROUNDS_PER_WAVE = 60;

function pauseMs(round) {
  return PAUSE_MS.mean + PAUSE_MS.swing * Math.sin((2 * Math.PI * round) / ROUNDS_PER_WAVE);
}

/** Takes what `runTraffic` takes, and ends when `signal` aborts. */
export async function runLiveTraffic({ registry, address, signal, ...options }) {
  const gateway = await startGateway(registry, address);
  try {
    const traffic = runTraffic({ registry, address, signal, ...options, rounds: Infinity, pauseMs });
    await Promise.all([traffic, scan(gateway.url, signal)]);
  } finally {
    gateway.stop();
  }
}
