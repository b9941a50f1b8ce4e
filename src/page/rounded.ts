// Shortens the numbers in the page's data.

/**
 * `value`, not negative, rounded to six significant digits, or to a whole number from 1e6 on. That is more than any of
 * these numbers is accurate to, and half as long as a double in full. Arithmetic takes half the time of `toPrecision`,
 * which matters because a reply can hold 36,000 rates.
 */
export function rounded(value: number): number {
  let scale = 1;
  while (value > 0 && value * scale < 1e5) scale *= 10;
  return Math.round(value * scale) / scale;
}
