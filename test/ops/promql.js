// Splits PromQL at its outermost operators, as far as tests need it.

const CLOSING = { "(": ")", "[": "]", "{": "}" };

/** The expression with everything in brackets or strings replaced by dots, so that the rest can be searched. */
function outermost(expression) {
  const open = [];
  let quote;
  return Array.from(expression, (character, i) => {
    const isInside = open.length > 0 || quote;
    if (quote) {
      if (character === quote && expression[i - 1] !== "\\") quote = undefined;
    } else if (character === '"' || character === "'") quote = character;
    else if (character in CLOSING) open.push(CLOSING[character]);
    else if (character === open.at(-1)) open.pop();
    return isInside ? "." : character;
  }).join("");
}

function split(expression, separator) {
  const parts = [];
  let from = 0;
  for (const { 0: found, index } of outermost(expression).matchAll(separator)) {
    parts.push(expression.slice(from, index).trim(), found.trim());
    from = index + found.length;
  }
  return [...parts, expression.slice(from).trim()];
}

/**
 * Splits an alert's expression, comparisons joined by `and` or `or`, into `[{ joint, left, operator, right }]`; the first
 * has no `joint`. Throws for any other expression.
 */
export function comparisons(expression) {
  const parts = split(expression, /\b(and|or)\b/g);
  return parts
    .filter((_, i) => i % 2 === 0)
    .map((part, i) => {
      const [left, operator, right, ...more] = split(part, /[<>]=?|[=!]=/g);
      const isOne = right !== undefined && more.length === 0 && !/\bunless\b/.test(outermost(part));
      if (!isOne) throw new Error(`not one comparison: ${part}`);
      return { joint: parts[2 * i - 1], left, operator, right };
    });
}

/** The inverse of `comparisons`. */
export function joined(parts) {
  return parts
    .flatMap(({ joint, left, operator, right }) => [joint, left, operator, right])
    .filter((word) => word !== undefined)
    .join(" ");
}

export function isNumber(expression) {
  return /^[\d.*\s]+$/.test(expression);
}

/** The names of the library's metrics in an expression. */
export function metricNames(expression) {
  return expression.match(/\bnrpc_\w+/g) ?? [];
}
