// A fresh process: how many bytes one contender holds for each service, and how many more after a flood of names.
// Run with --expose-gc.

import { load } from "../contenders/all.js";
import { makeServices } from "../workload.js";

const [contenderName, serviceCount, floodCount] = process.argv.slice(2);

const contender = await load(contenderName);
const services = makeServices(Number(serviceCount), 4);
const empty = held();
const state = contender.create();
const idle = held();
for (const service of services) contender.fill(state, service);
const filled = held();
const seriesBeforeFlood = await series();
const beforeFlood = held(); // what making the text left behind is no part of the flood
for (let i = 0; i < Number(floodCount); i++) contender.touch(state, `flood/${i}`);
const afterFlood = held();

process.stdout.write(
  JSON.stringify({
    heapBytes: filled.heap - empty.heap,
    idleExternalBytes: idle.external - empty.external,
    externalBytes: filled.external - empty.external,
    floodBytes: afterFlood.heap + afterFlood.external - beforeFlood.heap - beforeFlood.external,
    seriesBeforeFlood,
    seriesOfFlood: (await series()) - seriesBeforeFlood,
  }),
);

/** `external` has the memory of WebAssembly instances in it, as Node counts. */
function held() {
  for (let i = 0; i < 4; i++) globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return { heap: heapUsed, external };
}

async function series() {
  return (await contender.text(state)).split("\n").filter((line) => line !== "" && !line.startsWith("#")).length;
}
