// Runs a server and its client, and makes as many calls as its parent asks for: reports their processor time and rate.

const [stack, variant] = process.argv.slice(2);
const { start } = await import(`../stacks/${stack}.js`);
const { call, counts } = await start(variant);

/** Calls under way at a time: enough to keep the process busy, as in a service under load. */
const CONCURRENCY = 16;

let made = 0;

async function makeCalls(count) {
  let left = count;
  const worker = async () => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  made += count;
}

process.on("message", async (count) => {
  const startMs = performance.now();
  const startCpu = process.cpuUsage();
  await makeCalls(count);
  const { user, system } = process.cpuUsage(startCpu);
  const tookMs = performance.now() - startMs;
  process.send({ cpuNs: ((user + system) * 1e3) / count, ns: (tookMs * 1e6) / count, made, counts: counts?.() });
});
process.on("disconnect", () => process.exit());
process.send("ready");
