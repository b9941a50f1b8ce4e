// Label values.

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r" };

/**
 * `value` as it stands between the quotes of a label in the text exposition: backslash, double quote, LF
 * and CR escaped.
 *
 * @example
 * escapeLabel('say "hi"'); // say \"hi\"
 */
export function escapeLabel(value: string): string {
  return value.replace(/[\\"\n\r]/g, (char) => ESCAPES[char] as string);
}
