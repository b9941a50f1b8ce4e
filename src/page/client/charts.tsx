// Spark lines and histograms, drawn as SVG and boxes, and told in words.

import { h, type VNode } from "preact";
import { bound, count, rate, stretch, text } from "./format.js";

interface SparkProps {
  readonly label: string;
  readonly rates: readonly number[] | undefined;
  /** Drawn in the colour of what is wrong. */
  readonly errors?: readonly number[] | undefined;
  readonly seconds: readonly number[];
}

/** Points for a line over `seconds`, in a box of 100 by 20, the newest at the right. */
function points(rates: readonly number[], seconds: readonly number[], top: number, width: number): string {
  let x = 100;
  const places: string[] = [];
  for (let i = rates.length - 1; i >= 0; i--) {
    places.push(`${x.toFixed(1)} ${(19 - (18 * (rates[i] as number)) / top).toFixed(1)}`);
    x -= ((seconds[i] as number) / width) * 100;
  }
  return places.join("L");
}

export function Spark({ label, rates = [], errors, seconds }: SparkProps): VNode {
  const top = Math.max(...rates);
  if (!(top > 0)) return <span class="spark" />;
  // The width stands for five minutes, however little there is of them; for more, if samples came late.
  const span = seconds.reduce((sum, length) => sum + length, 0);
  const width = Math.max(span, 300);
  const line = points(rates, seconds, top, width);
  const right = line.indexOf("L") === -1 ? line : line.slice(line.lastIndexOf("L") + 1);
  const told = `${label}: ${text(rate(rates.at(-1) ?? 0))} now, at most ${text(rate(top))} in ${stretch(span)}`;
  return (
    <svg class="spark" viewBox="0 0 100 20" preserveAspectRatio="none" role="img" aria-label={told}>
      <path class="area" d={`M100 20L${line}L${right.split(" ")[0]} 20Z`} />
      <path d={`M${line}`} />
      {errors?.some((value) => value > 0) && <path class="bad" d={`M${points(errors, seconds, top, width)}`} />}
    </svg>
  );
}

interface HistogramProps {
  readonly title: string;
  /** What is counted. */
  readonly unit: string;
  readonly counts: readonly number[];
  readonly bounds: readonly number[];
}

export function Histogram({ title, unit, counts, bounds }: HistogramProps): VNode {
  const most = Math.max(...counts);
  const total = counts.reduce((sum, n) => sum + n, 0);
  const top = bounds.at(-1) as number;
  return (
    <section class="histogram">
      <h3>
        {title} <span>{total ? `${text(count(total))} ${unit}` : `no ${unit} in this window`}</span>
      </h3>
      {total > 0 && (
        <ol>
          {counts.map((n, bucket) => {
            const label = bucket < bounds.length ? `≤ ${bound(bounds[bucket] as number)}` : `> ${bound(top)}`;
            return (
              <li key={bucket} data-count={n} aria-label={`${label}: ${n} ${unit}`}>
                <b>{n ? text(count(n)) : ""}</b>
                <span style={{ height: `${Math.max(n ? 2 : 0, (64 * n) / most)}px` }} />
                <small>{label}</small>
              </li>
            );
          })}
        </ol>
      )}
    </section>
  );
}
