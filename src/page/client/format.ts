// Numbers as people read them: three digits that matter, and a unit.

/** A number and its unit, apart so that columns of them align. */
export type Amount = readonly [number: string, unit: string];

const whole = new Intl.NumberFormat("en");

/** Three significant digits without exponent: 0.123, 1.23, 12.3, 123. */
function threeDigits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

export function count(value: number): Amount {
  return Math.abs(value) < 100_000 ? [whole.format(value), ""] : scaled(value);
}

export function rate(aSecond: number): Amount {
  if (aSecond > 0 && aSecond < 0.005) return ["<0.01", ""];
  if (aSecond >= 10_000) return scaled(aSecond);
  return [aSecond >= 1000 ? whole.format(Math.round(aSecond)) : threeDigits(aSecond), ""];
}

function scaled(value: number): Amount {
  const power = Math.min(4, Math.floor(Math.log10(Math.abs(value)) / 3));
  return [threeDigits(value / 1000 ** power), ["", "k", "M", "G", "T"][power] as string];
}

export function share(fraction: number): Amount {
  const percent = fraction * 100;
  if (percent > 0 && percent < 0.005) return ["<0.01", "%"];
  return [percent === 100 ? "100" : threeDigits(percent), "%"];
}

/** `top`: the greatest bound of the buckets, at which a quantile that lies above them is put. */
export function duration(seconds: number, top = Infinity): Amount {
  const from = seconds >= top ? "≥" : "";
  if (seconds >= 0.9995) return [from + threeDigits(seconds), "s"];
  if (seconds >= 0.0009995) return [from + threeDigits(seconds * 1e3), "ms"];
  return [from + threeDigits(seconds * 1e6), "µs"];
}

/** A bucket's bound, in full. */
export function bound(seconds: number): string {
  if (seconds >= 1) return `${seconds} s`;
  return seconds >= 1e-3
    ? `${Number((seconds * 1e3).toPrecision(12))} ms`
    : `${Number((seconds * 1e6).toPrecision(12))} µs`;
}

/** A stretch of time: 42 s, 3 min 5 s, 2 h 10 min, 3 d 4 h. */
export function stretch(seconds: number): string {
  const s = Math.round(seconds);
  const pair = (unit: number, name: string, smaller: number, smallerName: string) => {
    const rest = Math.floor((s % unit) / smaller);
    return `${Math.floor(s / unit)} ${name}${rest ? ` ${rest} ${smallerName}` : ""}`;
  };
  if (s < 60) return `${s} s`;
  if (s < 3600) return pair(60, "min", 1, "s");
  return s < 86_400 ? pair(3600, "h", 60, "min") : pair(86_400, "d", 3600, "h");
}

export const text = ([number, unit]: Amount): string => (unit ? `${number} ${unit}` : number);
