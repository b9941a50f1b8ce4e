// A process that has nothing to do: how long its event loop is held up is the machine's own noise. Answers "report" with
// the longest time.

import { monitorEventLoopDelay } from "node:perf_hooks";

const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
process.on("message", () => {
  process.send({ longestMs: delay.max / 1e6 });
  delay.reset();
});
process.send("started");
