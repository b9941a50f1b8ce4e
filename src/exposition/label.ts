// Label values.

/**
 * `value` as it stands between the quotes of a label in the text exposition: backslash, double quote, LF
 * and CR escaped. Prometheus knows no escape for CR and takes it for a backslash and an `r`.
 *
 * @example
 * escapeLabel('say "hi"'); // say \"hi\"
 */
export function escapeLabel(value: string): string {
  return value.replace(/[\\"\n\r]/g, (char) => `\\${char === "\n" ? "n" : char === "\r" ? "r" : char}`);
}
