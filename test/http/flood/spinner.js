// A process that is as busy as a server may be, in pieces of 2 ms, and has nothing else to do: how long its event loop
// is held up is the machine's own noise. Answers "report" with the longest time.

import { monitorEventLoopDelay } from "node:perf_hooks";

const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
const spin = () => {
  const startMs = performance.now();
  while (performance.now() - startMs < 2);
  setImmediate(spin);
};
spin();
process.on("message", () => {
  process.send({ longestMs: delay.max / 1e6 });
  delay.reset();
});
process.send("started");
