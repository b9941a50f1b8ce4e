// Sparklines (SVG) and histograms (boxes), each with a text alternative.

import { h, type VNode } from "preact";
import { bound, count, counted, rate, timeSpan } from "./format.js";

interface SparkProps {
  readonly label: string;
  readonly rates: readonly number[] | undefined;
  /** Drawn in the same scale, in red. */
  readonly faults?: readonly number[] | undefined;
  /** Length of the interval of each rate. */
  readonly seconds: readonly number[];
}

/**
 * Path data for `rates` in a box of 100 by 20, the newest at the right edge. The box is `width` seconds wide, and the
 * rate `top` is at its upper edge.
 */
function points(rates: readonly number[], seconds: readonly number[], top: number, width: number): string {
  let x = 100;
  const coordinates: string[] = [];
  for (let i = rates.length - 1; i >= 0; i--) {
    coordinates.push(`${x.toFixed(1)} ${(19 - (18 * (rates[i] as number)) / top).toFixed(1)}`);
    x -= ((seconds[i] as number) / width) * 100;
  }
  return coordinates.join("L");
}

export function Spark({ label, rates = [], faults, seconds }: SparkProps): VNode {
  const top = Math.max(...rates);
  if (!(top > 0)) return <span />;
  // The box always spans five minutes, even while there is less data, and more if samples came late.
  const span = seconds.reduce((sum, length) => sum + length, 0);
  const width = Math.max(span, 300);
  const line = points(rates, seconds, top, width);
  const left = line.slice(line.lastIndexOf("L") + 1).split(" ")[0];
  const description = `${label}: ${rate(rates.at(-1) ?? 0)[0]} now, at most ${rate(top)[0]} in ${timeSpan(span)}`;
  return (
    <svg viewBox="0 0 100 20" preserveAspectRatio="none" role="img" aria-label={description}>
      <path class="area" d={`M100 20L${line}L${left} 20Z`} />
      <path d={`M${line}`} />
      {faults?.some((rate) => rate > 0) && (
        <path class="bad" d={`M100 19L${points(faults, seconds, top, width)}L${left} 19Z`} />
      )}
    </svg>
  );
}

interface HistogramProps {
  /** What is counted, in the singular. */
  readonly unit: string;
  readonly counts: readonly number[];
  readonly bounds: readonly number[];
}

export function Histogram({ unit, counts, bounds }: HistogramProps): VNode {
  const most = Math.max(...counts);
  return (
    <ol class="histogram">
      {counts.map((n, bucket) => {
        const isLast = bucket === bounds.length;
        const label = bound(bounds[isLast ? bucket - 1 : bucket] as number);
        return (
          <li key={bucket} data-count={n} aria-label={`${isLast ? "above" : "up to"} ${label}: ${counted(n, unit)}`}>
            <b>{n > 0 && count(n)[0]}</b>
            <span style={{ height: `${n && Math.max(2, (64 * n) / most)}px` }} />
            <small>{isLast ? `> ${label}` : label}</small>
          </li>
        );
      })}
    </ol>
  );
}
