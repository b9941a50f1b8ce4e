// Numbers in the form that the text exposition gives them.

/**
 * The shortest decimal that reads back as `value`, without the exponent that JavaScript uses for small
 * numbers. From 1e21 on, where no sum comes but a bound may, it keeps its exponent. For finite values >= 0.
 */
export function decimal(value: number): string {
  const [digits = "", places] = String(value).split("e-");
  return places ? `0.${"0".repeat(Number(places) - 1)}${digits.replace(".", "")}` : digits;
}

/**
 * A bound as OpenMetrics wants it, so that all exposers write the same one alike: always with a point or an exponent,
 * which has two digits and stands from 1e6 on and below 1e-4, as in Go. For finite values > 0.
 */
export function canonical(value: number): string {
  if (value < 1e-4 || value >= 1e6) return value.toExponential().replace(/\b\d$/, "0$&");
  return Number.isInteger(value) ? `${value}.0` : `${value}`;
}
