// The clock itself: two bare reads, which is what timing anything costs at the least. The scale of this machine.

export const name = "two performance.now()";

export function reads(iterations) {
  let elapsedMs = 0;
  for (let i = 0; i < iterations; i++) {
    const startMs = performance.now();
    elapsedMs += performance.now() - startMs;
  }
  return elapsedMs;
}
