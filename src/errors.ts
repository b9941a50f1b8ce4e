// What a caller did wrong, told with the value and what was expected instead.

const SHOWN_CHARACTERS = 64;

/** A value as an error message shows it. Never throws, never runs code of the value's own, stays on one short line. */
export function show(value: unknown): string {
  switch (typeof value) {
    case "string":
      return value.length > SHOWN_CHARACTERS
        ? `${JSON.stringify(value.slice(0, SHOWN_CHARACTERS))}… (${value.length} characters)`
        : JSON.stringify(value);
    case "bigint":
      return `${value}n`;
    case "object":
      return value === null ? "null" : Array.isArray(value) ? "an array" : "an object";
    case "function":
      return "a function";
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    default:
      return String(value); // undefined, boolean, symbol
  }
}

export function wrongType(what: string, expected: string, value: unknown): TypeError {
  return new TypeError(`${what} must be ${expected}, got ${show(value)}`);
}

export function outOfRange(what: string, expected: string, value: unknown): RangeError {
  return new RangeError(`${what} must be ${expected}, got ${show(value)}`);
}
