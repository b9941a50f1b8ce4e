// Formats numbers as the text formats have them.

/**
 * The shortest decimal that reads back as `value`, without the exponent that JavaScript uses for small numbers. Keeps
 * the exponent from 1e21 on, which no sum reaches but a bound may. For finite values >= 0.
 */
export function decimal(value: number): string {
  const [digits = "", places] = String(value).split("e-");
  return places ? `0.${"0".repeat(Number(places) - 1)}${digits.replace(".", "")}` : digits;
}

/**
 * A bound as one of OpenMetrics' canonical numbers, on which all exposers agree: always with a point or an exponent.
 * The exponent has two digits and is used from 1e6 on and below 1e-4, as in Go. For finite values > 0.
 */
export function openMetricsFloat(value: number): string {
  if (value < 1e-4 || value >= 1e6) return value.toExponential().replace(/\b\d$/, "0$&");
  return Number.isInteger(value) ? `${value}.0` : `${value}`;
}
