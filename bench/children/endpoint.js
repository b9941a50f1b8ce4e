// Serves one contender's metrics in its own process. Sends its parent the port and, whenever the parent asks, its event
// loop's longest pause since it was last asked, and the peak of its memory over what it took once filled.

import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { collectGarbage } from "../collect-garbage.js";
import { load } from "../contenders/all.js";
import { LISTENERS } from "../contenders/endpoints.js";
import { makeServices } from "../workload.js";

const [name, serviceCount] = process.argv.slice(2);
const contender = await load(name);
const state = contender.create();
for (const service of makeServices(Number(serviceCount))) contender.fill(state, service);
collectGarbage();
try {
  writeFileSync("/proc/self/clear_refs", "5"); // on Linux, resets the peak of resident memory
} catch {}
const filledBytes = process.memoryUsage.rss();

let pauseMs = 0;
let lastMs = 0;
let isBeating = false;
function beat() {
  const nowMs = performance.now();
  pauseMs = Math.max(pauseMs, nowMs - lastMs);
  lastMs = nowMs;
  if (isBeating) setImmediate(beat);
}

// The heartbeat runs only during a scrape and once after it, so that it takes no processor time from the client.
const listener = LISTENERS[name](state);
const server = createServer((request, response) => {
  isBeating = true;
  lastMs = performance.now();
  setImmediate(beat);
  response.once("close", () => {
    isBeating = false;
  });
  listener(request, response);
});
process.on("message", () => {
  process.send({ pauseMs, tookBytes: process.resourceUsage().maxRSS * 1024 - filledBytes });
  pauseMs = 0;
});
process.on("disconnect", () => process.exit());
server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));
