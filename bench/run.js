// Runs the benchmark: `node bench/run.js [--quick] [part …]`. A full run writes a dated record.

import { runScript } from "./children.js";
import { machine, versions } from "./machine.js";
import { goalLine, partMarkdown, writeRecord } from "./record.js";

const PARTS = [
  "calls",
  "observation",
  "guard",
  "exposition",
  "stall",
  "http",
  "stacks",
  "startup",
  "memory",
  "runtimes",
  "words",
  "threads",
  "threads-scaling",
  "threads-scrape",
];

const args = process.argv.slice(2);
const quick = args.includes("--quick");
const names = args.filter((arg) => arg !== "--quick");
const unknown = names.filter((name) => !PARTS.includes(name));
if (unknown.length > 0) {
  console.error(`no such part: ${unknown.join(", ")}\nusage: node bench/run.js [--quick] [${PARTS.join(" | ")}]…`);
  process.exit(2);
}

const startMs = performance.now();
const run = { date: new Date().toISOString().slice(0, 10), machine: machine(), versions: versions(), parts: [] };
for (const name of names.length > 0 ? names : PARTS) {
  const part = await runScript("part.js", [name, JSON.stringify({ quick })]);
  run.parts.push(part);
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  console.log(partMarkdown(part));
}

const goals = run.parts.flatMap((part) => part.goals);
console.log(
  `Goals, ${goals.filter(({ met }) => met).length} of ${goals.length} met:\n${goals.map(goalLine).join("\n")}`,
);
console.log(`\nTook ${Math.round((performance.now() - startMs) / 1e3)} s.`);
if (quick || names.length > 0) console.log("No record written: that takes a full run, without --quick.");
else console.log(`Record: ${writeRecord(run)}`);
