// A fresh process: imports one contender, records for the first time, tells how long that took.

const startMs = performance.now();
const { load } = await import("../contenders/all.js");
const contender = await load(process.argv[2]);
const recorded = contender.firstRecord();
const elapsedMs = performance.now() - startMs;
process.stdout.write(JSON.stringify({ elapsedMs, recorded: await recorded() }));
