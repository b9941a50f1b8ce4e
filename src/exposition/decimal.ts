// Numbers in the form that the text exposition gives them.

/**
 * The shortest decimal that reads back as `value`, without the exponent that JavaScript uses for small
 * numbers. From 1e21 on, where no sum comes but a bound may, it keeps its exponent. For finite values >= 0.
 */
export function decimal(value: number): string {
  const [digits = "", places] = String(value).split("e-");
  return places ? `0.${"0".repeat(Number(places) - 1)}${digits.replace(".", "")}` : digits;
}
