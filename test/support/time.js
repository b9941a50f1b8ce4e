// Time that tests move by hand: what a handler's clock shows, and when its timer ticks.

const TICK_MS = 5000;

/**
 * From now on `performance.now()` runs ahead of the real one by what `advance` has added, for time never goes back.
 * Timers that are set before `restore()` tick only as `advance` passes their time.
 */
export function movableTime() {
  const before = performance.now;
  const real = { setInterval: globalThis.setInterval, clearInterval: globalThis.clearInterval };
  const timers = new Set();
  let aheadMs = 0;
  performance.now = () => before.call(performance) + aheadMs;
  globalThis.setInterval = (run) => {
    const timer = { run, unref() {} };
    timers.add(timer);
    return timer;
  };
  globalThis.clearInterval = (timer) => timers.delete(timer);
  return {
    timers,
    /** Moves the clock on; `everyTick` is called before each tick, with the seconds since `advance` was called. */
    advance(ms, everyTick = () => {}) {
      for (let passedMs = TICK_MS; passedMs <= ms; passedMs += TICK_MS) {
        aheadMs += TICK_MS;
        everyTick(passedMs / 1000);
        for (const { run } of timers) run();
      }
      aheadMs += ms % TICK_MS;
    },
    restore() {
      Object.assign(globalThis, real);
    },
  };
}
