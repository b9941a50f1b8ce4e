// Numbers in the form that the text exposition gives them.

/** The shortest decimal that reads back as `value`, never in exponent form. For finite values >= 0. */
export function decimal(value: number): string {
  const text = String(value);
  const exponentAt = text.indexOf("e");
  if (exponentAt === -1) return text;
  const [whole = "", fraction = ""] = text.slice(0, exponentAt).split(".");
  const digits = whole + fraction;
  const exponent = Number(text.slice(exponentAt + 1));
  return exponent < 0 ? `0.${"0".repeat(-exponent - 1)}${digits}` : digits.padEnd(exponent + 1, "0");
}
