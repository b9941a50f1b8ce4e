// Formats numbers for people: three significant digits and a unit.

/** A number and its unit, kept apart so that columns can align both. */
export type Amount = readonly [number: string, unit: string];

const whole = new Intl.NumberFormat("en");

/** A count in full, and what it counts: 1 service, 123,456 services. */
export function counted(n: number, unit: string): string {
  return `${whole.format(n)} ${unit}${n === 1 ? "" : "s"}`;
}

/** Up to three significant digits, without exponent: 0.12, 1.23, 12.3, 123. */
function threeDigits(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2);
}

/** In full up to five digits, then with an SI prefix: 12,345, 123k, 1.23M. */
export function count(value: number): Amount {
  // Here and below, the next unit takes over where rounding would show its first value: at 99,999.5, not at 100,000.
  if (Math.abs(value) < 99_999.5) return [whole.format(Math.round(value)), ""];
  let power = 1;
  while (power < 6 && Math.abs(value) >= 999.5 * 1000 ** power) power++;
  return [threeDigits(value / 1000 ** power) + " kMGTPE"[power], ""];
}

function small(value: number, unit: string): Amount {
  return [value < 0.005 ? "<0.01" : threeDigits(value), unit];
}

export const rate = (perSecond: number): Amount => (perSecond < 999.5 ? small(perSecond, "") : count(perSecond));

export const share = (fraction: number): Amount => small(fraction * 100, "%");

/** `top`: the highest bucket bound. A quantile above it is reported as the bound itself, so it is shown with "≥". */
export function duration(seconds: number, top = Infinity): Amount {
  const [scale, unit] = seconds >= 0.9995 ? [1, "s"] : seconds >= 0.0009995 ? [1e3, "ms"] : [1e6, "µs"];
  return [(seconds >= top ? "≥" : "") + threeDigits(seconds * (scale as number)), unit as string];
}

/** A bucket's bound without trailing zeros: 5 ms, 2.5 s. */
export function bound(seconds: number): string {
  const [number, unit] = duration(seconds);
  return `${Number(number)} ${unit}`;
}

/** A length of time in at most two units: 42 s, 3 min 5 s, 26 h 10 min. */
export function timeSpan(seconds: number): string {
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  const [unit, name, smaller, smallerName] = s < 3600 ? [60, "min", 1, "s"] : [3600, "h", 60, "min"];
  const rest = Math.floor((s % unit) / smaller);
  return `${Math.floor(s / unit)} ${name}${rest ? ` ${rest} ${smallerName}` : ""}`;
}
