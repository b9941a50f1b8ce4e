// A clock that tests move by hand, in milliseconds like performance.now().

export function manualClock() {
  const clock = () => clock.nowMs;
  clock.nowMs = 0;
  clock.advance = (ms) => {
    clock.nowMs += ms;
  };
  return clock;
}
