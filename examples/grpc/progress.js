// A progress line: rewritten in place on a terminal, a few plain lines anywhere else.

const CLEAR_TO_END_OF_LINE = "\x1b[K";
const PLAIN_LINES = 4;

/** With a total of Infinity, it shows only on a terminal. */
export function showProgress(done, total, text, output = process.stdout) {
  const line = `traffic: round ${done}${Number.isFinite(total) ? ` of ${total}` : ""}, ${text}`;
  if (output.isTTY) output.write(`\r${line}${CLEAR_TO_END_OF_LINE}${done === total ? "\n" : ""}`);
  else if (done % Math.ceil(total / PLAIN_LINES) === 0 || done === total) output.write(`${line}\n`);
}
