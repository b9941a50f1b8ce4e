// Errors for bad input: each shows the value it got and says what was expected.

const SHOWN_CHARACTERS = 64;

/**
 * Characters that would change how a terminal, a log or a page shows the text around them: control characters (C0, C1
 * and DEL), line and paragraph separators, and format characters, which reverse text or take up no room.
 */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cf}]/gu;
/** The same without C0: for text of several lines, whose line feeds and colours are the printer's own. */
const UNPRINTABLE_IN_LINES = /[\x7f-\x9f\p{Zl}\p{Zp}\p{Cf}]/gu;

/** `text` on one line, with every unprintable character as `\\u` and its code unit in hexadecimal. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escaped);
}

/** The same, but text that is laid out in lines and colours stays so. */
export function printableLines(text: string): string {
  return text.replace(UNPRINTABLE_IN_LINES, escaped);
}

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, i) => `\\u${hex(character.charCodeAt(i))}`).join("");
}

function hex(codeUnit: number): string {
  return codeUnit.toString(16).padStart(4, "0");
}

/** A value as an error message shows it: short, on one line, printable, and without running any code of the value. */
export function show(value: unknown): string {
  const text = Object(value) === value ? `[${typeof value}]` : String(value) + (typeof value === "bigint" ? "n" : "");
  const shown = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
  return printable(typeof value === "string" || typeof value === "symbol" ? JSON.stringify(shown) : shown);
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

/**
 * What went wrong, of whatever was thrown, in printable text: the message of anything that has one, because errors of
 * another realm, as of a sandbox, are no `instanceof Error`. Never throws.
 */
export function reasonOf(error: unknown): string {
  try {
    const { message } = error as Error;
    if (Object(error) === error && typeof message === "string") return printable(message);
  } catch {} // of a getter or proxy, or for null
  return show(error);
}
