// The clock itself: two bare reads, the least that timing anything costs, and a measure of the machine's speed.

export const name = "two performance.now()";

export function reads(iterations) {
  let elapsedMs = 0;
  for (let i = 0; i < iterations; i++) {
    const startMs = performance.now();
    elapsedMs += performance.now() - startMs;
  }
  return elapsedMs;
}
