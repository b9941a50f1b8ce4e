// A strict parser of OpenMetrics, and the families that it should read from a snapshot.

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { toNumber, withCreated } from "./series.js";
import { parse } from "./text-parser.js";

/** The parser of Prometheus' Python client; strict-parser.py runs it. */
export const STRICT_PARSER = "/usr/lib/python3/dist-packages/prometheus_client/openmetrics/parser.py";
const LINE_FEED = 0x0a;
const PYTHON = "/usr/bin/python3";
const script = fileURLToPath(new URL("strict-parser.py", import.meta.url));

/**
 * Starts the parser for any number of documents. `parse(bytes)` fulfils with the families, `{ name, help, type, unit,
 * samples: [{ name, labels, value }] }` with values as text, and rejects with the parser's message. Call `stop()`.
 */
export function startStrictParser() {
  const child = spawn(PYTHON, [script], { stdio: ["pipe", "pipe", "inherit"] });
  const waiting = [];
  // Not with readline, which searches the whole line again for each chunk: an answer may be 30 MB long.
  let chunks = [];
  child.stdout.on("data", (chunk) => {
    chunks.push(chunk);
    if (chunk.at(-1) !== LINE_FEED) return;
    const lines = Buffer.concat(chunks).toString().trimEnd().split("\n");
    chunks = [];
    for (const line of lines) {
      const { resolve, reject } = waiting.shift();
      const answer = JSON.parse(line);
      if (answer.error) reject(new Error(answer.error));
      else resolve(answer);
    }
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  ended.then((code) => {
    for (const { reject } of waiting) reject(new Error(`the parser ended with ${code}`));
  });
  return {
    parse: (bytes) =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        const length = Buffer.alloc(4);
        length.writeUInt32BE(bytes.length);
        child.stdin.write(length);
        child.stdin.write(bytes);
      }),
    async stop() {
      child.stdin.end();
      await ended;
    },
  };
}

/** Digits stay text, because integers may exceed 2^53; other values and bounds are written as numbers. */
function exact({ name, labels, value }) {
  const le = labels.le === undefined ? {} : { le: String(toNumber(labels.le)) };
  return { name, labels: { ...labels, ...le }, value: /^\d+$/.test(value) ? value : String(toNumber(value)) };
}

/** Families of either parser with all values as text, so that they can be compared. */
const comparable = (families) => families.map((family) => ({ ...family, samples: family.samples.map(exact) }));

/** Expects the parsed families to equal `expected`, sample by sample. */
export function expectFamilies(parsed, expected) {
  const got = comparable(parsed);
  // With 170,000 samples, toEqual takes seconds even if they are equal.
  const lines = (families) => families.flatMap(({ samples, ...head }) => [head, ...samples].map(sortedJson)).join("\n");
  if (lines(got) !== lines(expected)) expect(got).toEqual(expected);
}

const sortedJson = (object) => JSON.stringify(Object.fromEntries(Object.entries(object).sort()));

/**
 * The families that a snapshot's OpenMetrics text should contain, derived from its 0.0.4 text.
 *
 * @param createdOf returns a service's `_created`, or undefined for none.
 */
export function expectedOpenMetrics(snapshot, createdOf = () => undefined) {
  const families = withCreated(parse(snapshot.prometheusText()), createdOf).map(({ name, ...family }) => ({
    name: family.type === "counter" ? name.replace(/_total$/, "") : name,
    unit: name.endsWith("_seconds") ? "seconds" : "",
    ...family,
  }));
  return comparable(families);
}
