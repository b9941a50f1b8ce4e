// Takes PromQL apart as far as tests need it: at its outermost operators.

const CLOSING = { "(": ")", "[": "]", "{": "}" };

/** The expression with all that stands in brackets or strings blanked, so that the rest can be searched. */
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

/** An alert's expression, comparisons joined by `and`: `[{ left, operator, right }]`. Throws for any other. */
export function comparisons(expression) {
  return split(expression, /\band\b/g)
    .filter((_, i) => i % 2 === 0)
    .map((part) => {
      const [left, operator, right, ...more] = split(part, /[<>]=?|[=!]=/g);
      const isOne = right !== undefined && more.length === 0 && !/\b(or|unless)\b/.test(outermost(part));
      if (!isOne) throw new Error(`not one comparison: ${part}`);
      return { left, operator, right };
    });
}

/** What `comparisons` took apart. */
export function joined(parts) {
  return parts.map(({ left, operator, right }) => `${left} ${operator} ${right}`).join(" and ");
}

export function isNumber(expression) {
  return /^[\d.*\s]+$/.test(expression);
}

/** The names of the library's metrics in an expression. */
export function metricNames(expression) {
  return expression.match(/\bnrpc_\w+/g) ?? [];
}
