// A parser of the Prometheus text exposition format 0.0.4, stricter than the format: each family has HELP, TYPE and
// then its samples, and no family or series appears twice.

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\.)*)"(,|$)/uy;
const SAMPLE = new RegExp(`^(${NAME})\\{(.*)\\} ([0-9]+(?:\\.[0-9]+)?|NaN|\\+Inf)$`, "su");
const SUFFIXES = { counter: [""], gauge: [""], histogram: ["_bucket", "_sum", "_count"] };
/** The escape `\r` is not part of the format, but this library writes it; see escapeLabel. */
const ESCAPES = { "\\\\": "\\", '\\"': '"', "\\n": "\n", "\\r": "\r" };

function unescaped(value) {
  return value.replace(/\\./gsu, (sequence) => {
    if (ESCAPES[sequence] === undefined) throw new Error(`unknown escape: ${sequence}`);
    return ESCAPES[sequence];
  });
}

function parseLabels(text) {
  const labels = new Map();
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const match = LABEL.exec(text);
    if (!match) throw new Error(`bad labels: ${text}`);
    const [, name, value] = match;
    if (labels.has(name)) throw new Error(`label ${name} appears twice: ${text}`);
    labels.set(name, unescaped(value));
  }
  return Object.fromEntries(labels);
}

function parseSample(line, family) {
  const match = SAMPLE.exec(line);
  if (!match) throw new Error(`bad sample: ${line}`);
  const [, name, labels, value] = match;
  const suffix = SUFFIXES[family.type].find((end) => family.name + end === name);
  if (suffix === undefined) throw new Error(`${name} is not a sample of the ${family.type} ${family.name}`);
  return { name, labels: parseLabels(labels), value };
}

function parseHeader(line, keyword) {
  const match = new RegExp(`^# ${keyword} (${NAME}) (.+)$`, "su").exec(line ?? "");
  if (!match) throw new Error(`expected # ${keyword}, got ${line}`);
  return { name: match[1], rest: match[2] };
}

/** The families in order: `{ name, help, type, samples: [{ name, labels, value }] }`, values as they are written. */
export function parse(text) {
  if (!text.endsWith("\n")) throw new Error("the last line does not end with a line feed");
  const lines = text.slice(0, -1).split("\n");
  const families = [];
  const seen = new Set();
  for (let at = 0; at < lines.length; ) {
    const { name, rest: help } = parseHeader(lines[at++], "HELP");
    const { name: typed, rest: type } = parseHeader(lines[at++], "TYPE");
    if (typed !== name || !(type in SUFFIXES)) throw new Error(`TYPE ${typed} ${type} after HELP ${name}`);
    const family = { name, help, type, samples: [] };
    for (; at < lines.length && !lines[at].startsWith("#"); at++) {
      const sample = parseSample(lines[at], family);
      const series = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
      if (seen.has(series)) throw new Error(`series ${series} appears twice`);
      seen.add(series);
      family.samples.push(sample);
    }
    if (families.some((other) => other.name === name)) throw new Error(`family ${name} appears twice`);
    families.push(family);
  }
  return families;
}
