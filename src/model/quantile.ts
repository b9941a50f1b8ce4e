// Quantiles estimated from cumulative buckets, the way PromQL's histogram_quantile estimates them.

/**
 * The `q`-quantile in the unit of `bounds`, interpolated linearly within its bucket.
 *
 * Follows histogram_quantile in the corner cases too: -Infinity for q < 0, +Infinity for q > 1; NaN without
 * observations, for q = NaN, and for q = 0 if the first bucket is empty; the greatest bound for a quantile above it.
 *
 * @param cumulative one count for each bound, then the total, as in a snapshot.
 */
export function bucketQuantile(q: number, bounds: readonly number[], cumulative: readonly number[]): number {
  if (!(q >= 0)) return q < 0 ? -Infinity : Number.NaN;
  if (q > 1) return Infinity;
  const total = cumulative[bounds.length] as number;
  if (total === 0) return Number.NaN;
  const rank = q * total;
  const bucket = cumulative.findIndex((count) => count >= rank);
  const end = bounds[bucket];
  if (end === undefined) return bounds.at(-1) as number;
  const start = bounds[bucket - 1] ?? 0;
  const below = cumulative[bucket - 1] ?? 0;
  return start + (end - start) * ((rank - below) / ((cumulative[bucket] as number) - below));
}
