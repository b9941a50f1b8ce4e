// Measures, in a fresh process run with --expose-gc, the bytes that one contender holds per service, and the bytes
// that a flood of names adds.

import { load } from "../contenders/all.js";
import { makeServices } from "../workload.js";

/** Names before the flood, so that compiled code is not counted as part of the flood. */
const WARM_UP = 5_000;

const [contenderName, serviceCount, floodCount] = process.argv.slice(2);

// Collects the linear memories of all new instances, to tell them apart from other memory outside the heap.
const memories = [];
WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
  construct(Instance, args) {
    const instance = new Instance(...args);
    memories.push(...Object.values(instance.exports).filter((value) => value instanceof WebAssembly.Memory));
    return instance;
  },
});

const contender = await load(contenderName);
const services = makeServices(Number(serviceCount), 4);
const empty = await held();
const state = contender.create();
const idleLinearBytes = linearBytes();
for (const service of services) contender.fill(state, service);
const filled = await held();
const seriesBeforeFlood = await series();
for (let i = 0; i < WARM_UP; i++) contender.touch(state, `first/${i}`);
const seriesOfWarmUp = (await series()) - seriesBeforeFlood;
const beforeFlood = await held();
for (let i = 0; i < Number(floodCount); i++) contender.touch(state, `flood/${i}`);
const afterFlood = await held();

process.stdout.write(
  JSON.stringify({
    services: services.length, // keeps them alive until here: collecting them would hide what the flood adds
    heapBytes: filled.heap - empty.heap,
    idleLinearBytes,
    linearBytes: linearBytes(),
    externalBytes: filled.external - empty.external,
    floodBytes: afterFlood.heap + afterFlood.external - beforeFlood.heap - beforeFlood.external,
    seriesBeforeFlood,
    seriesOfFlood: (await series()) - seriesBeforeFlood - seriesOfWarmUp,
  }),
);

/** In bytes. Node counts the memory of WebAssembly instances as `external`. */
async function held() {
  for (let i = 0; i < 4; i++) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 50)); // buffers are freed concurrently
  }
  const { heapUsed, external } = process.memoryUsage();
  return { heap: heapUsed, external };
}

function linearBytes() {
  return memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
}

async function series() {
  return (await contender.text(state)).split("\n").filter((line) => line !== "" && !line.startsWith("#")).length;
}
