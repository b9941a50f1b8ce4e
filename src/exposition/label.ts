// Escapes label values.

import { invalid } from "../model/errors.js";

/**
 * Escapes `value` for use between the quotes of a label in the text exposition format 0.0.4: backslash, double quote,
 * LF and CR. Prometheus knows no escape for CR and reads it as a backslash and an `r`.
 *
 * @throws TypeError if `value` is not a string.
 *
 * @example
 * escapeLabel('say "hi"'); // say \"hi\"
 */
export function escapeLabel(value: string): string {
  if (typeof value !== "string") throw invalid("label value", "a string", value, TypeError);
  return value.replace(/[\\"\n\r]/g, (char) => `\\${char === "\n" ? "n" : char === "\r" ? "r" : char}`);
}

/** The same for OpenMetrics, which leaves CR as it is. */
export function escapeOpenMetricsLabel(value: string): string {
  return value.replace(/[\\"\n]/g, (char) => `\\${char === "\n" ? "n" : char}`);
}
