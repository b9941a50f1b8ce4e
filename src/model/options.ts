// Checks the options of everything public, in one way.

import { invalid, show } from "./errors.js";

/** Returns an option's value if it is valid, the default for `undefined`, or throws what `invalid` returns. */
export type Check<Value> = (value: unknown, name: string) => Value;

/** A check for every option of an interface: `satisfies ChecksFor<Options>` fails where one is missing. */
export type ChecksFor<Options> = { readonly [Name in keyof Options]-?: Check<Options[Name]> };

/** What the checks return. */
export type Checked<Checks> = { [Name in keyof Checks]: Checks[Name] extends Check<infer Value> ? Value : never };

/** Whether `value` is an object that can hold options: not an array, Map, Date, promise, function or the like. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return Object.prototype.toString.call(value) === "[object Object]";
}

/**
 * Reads each option once and returns the checked values, so that an object with a getter can't pass the check with one
 * value and be used with another.
 *
 * @throws TypeError for anything but a plain object, and for an unknown option, naming the known one that looks like it
 * or else all; whatever the checks throw.
 */
export function checkedOptions<Checks extends Readonly<Record<string, Check<unknown>>>>(
  options: unknown,
  checks: Checks,
): Checked<Checks> {
  if (!isPlainObject(options)) throw invalid("options", "an object", options, TypeError);
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(checks, name)) throw unknownOption(name, options[name], Object.keys(checks));
  }
  const checked = Object.entries(checks).map(([name, check]) => [name, check(options[name], name)]);
  return Object.fromEntries(checked) as Checked<Checks>;
}

function unknownOption(name: string, value: unknown, known: readonly string[]): Error {
  const nearest = nearestOf(name, known);
  const hint = nearest ? `did you mean ${show(nearest)}?` : `the options are ${known.join(", ")}`;
  return new TypeError(`${show(name)} is not an option (got ${show(value)}): ${hint}`);
}

/** The word that `name` was probably meant to be: it must share more than half of its letters. */
function nearestOf(name: string, words: readonly string[]): string | undefined {
  const distances = words.map((word) => ({
    word,
    distance: editDistance(name.slice(0, MAX_COMPARED).toLowerCase(), word.toLowerCase()),
  }));
  const [nearest] = distances.sort((a, b) => a.distance - b.distance);
  return nearest && nearest.distance < nearest.word.length / 2 ? nearest.word : undefined;
}

/** Characters of a name that are compared. No typing error is longer, and the time grows with the length. */
const MAX_COMPARED = 64;

/** Number of letters to insert, delete or replace to turn one word into the other (Levenshtein distance). */
function editDistance(word: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, i) => i);
  for (let i = 0; i < word.length; i++) {
    const above = row;
    row = [i + 1];
    for (let j = 0; j < other.length; j++) {
      const replaced = (above[j] as number) + (word[i] === other[j] ? 0 : 1);
      row.push(Math.min(replaced, (above[j + 1] as number) + 1, (row[j] as number) + 1));
    }
  }
  return row[other.length] as number;
}

/** A check for an option without a default: `check` gets every value but `undefined`. */
export const optional =
  <Value>(check: Check<Value>): Check<Value | undefined> =>
  (value, name) =>
    value === undefined ? undefined : check(value, name);

/** A whole number >= 1. */
export function whole(defaultValue: number): Check<number> {
  return (value = defaultValue, name) => {
    if (Number.isSafeInteger(value) && (value as number) >= 1) return value as number;
    throw invalid(name, "a whole number >= 1", value);
  };
}

export function flag(defaultValue: boolean): Check<boolean> {
  return (value = defaultValue, name) => {
    if (typeof value === "boolean") return value;
    throw invalid(name, "true or false", value, TypeError);
  };
}

/** `what` says what the function is for, as in "a function that returns milliseconds". */
export function func<Fn extends (...args: never[]) => unknown>(what: string): Check<Fn> {
  return (value, name) => {
    if (typeof value === "function") return value as Fn;
    throw invalid(name, what, value, TypeError);
  };
}
