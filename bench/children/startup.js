// Measures, in a fresh process, the time from the import of one contender to its first record.

const startMs = performance.now();
const { load } = await import("../contenders/all.js");
const contender = await load(process.argv[2]);
const recorded = contender.firstRecord();
const elapsedMs = performance.now() - startMs;
process.stdout.write(JSON.stringify({ elapsedMs, recorded: await recorded() }));
