// Errors for bad input: each shows the value it got and says what was expected.

const SHOWN_CHARACTERS = 64;

/** A value as an error message shows it: short, on one line, and without running any code of the value. */
export function show(value: unknown): string {
  const text = Object(value) === value ? `[${typeof value}]` : String(value) + (typeof value === "bigint" ? "n" : "");
  const shown = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
  return typeof value === "string" || typeof value === "symbol" ? JSON.stringify(shown) : shown;
}

/** The error for a bad argument or option: by default a RangeError for a number or bigint, else a TypeError. */
export function invalid(
  what: string,
  expected: string,
  value: unknown,
  Kind: ErrorConstructor = typeof value === "number" || typeof value === "bigint" ? RangeError : TypeError,
): Error {
  return new Kind(`${what} must be ${expected}, got ${show(value)}`);
}

/** What went wrong, of whatever was thrown. Runs no code of the value unless it is an error. */
export function reasonOf(error: unknown): string {
  try {
    if (error instanceof Error) return String(error.message);
  } catch {} // a getter or an odd message
  return show(error);
}
