// Formats the results of a run: Markdown for the terminal and the record, and JSON with every sample.

import { mkdirSync, writeFileSync } from "node:fs";

export function partMarkdown({ title, notes, tables, goals }) {
  const lines = [`## ${title}`, "", ...notes.map((note) => `- ${note}`)];
  for (const table of tables) lines.push("", `### ${table.title}`, "", ...tableLines(table));
  if (goals.length > 0) lines.push("", ...goals.map(goalLine));
  return `${lines.join("\n")}\n`;
}

export function goalLine({ what, value, wanted, met, tried }) {
  const line = `- ${met ? "met" : "**not met**"}: ${what}: ${value}, wanted ${wanted}`;
  return met || !tried ? line : `${line}. ${tried}`;
}

/** Writes `records/<date>.md` and `.json`, replacing an earlier record of that day. Returns the path of the former. */
export function writeRecord(run) {
  const folder = new URL("records/", import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL(`${run.date}.md`, folder), runMarkdown(run));
  writeFileSync(new URL(`${run.date}.json`, folder), `${JSON.stringify(run, rounded)}\n`);
  return `bench/records/${run.date}.md`;
}

function runMarkdown({ date, machine, versions, parts }) {
  const list = (facts) => Object.entries(facts).map(([name, value]) => `- ${name}: ${value}`);
  const goals = parts.flatMap((part) => part.goals);
  return [
    `# Benchmark of ${date}`,
    "",
    ...list(machine),
    "",
    ...list(versions),
    "",
    "Each part runs in its own process, its contenders in that one process, in interleaved rounds; their results are",
    "compared before anything is timed. Times are medians; ratios are medians of the ratios of each round.",
    "",
    `## Goals: ${goals.filter(({ met }) => met).length} of ${goals.length} met`,
    "",
    ...goals.map(goalLine),
    "",
    ...parts.map(partMarkdown),
  ].join("\n");
}

/** Four significant digits are enough for samples. */
function rounded(_key, value) {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
}

function tableLines({ columns, rows }) {
  const cells = [columns, ...rows.map((row) => row.map(String))];
  const widths = columns.map((_, i) => Math.max(3, ...cells.map((row) => row[i].length)));
  const line = (row) =>
    `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(" | ")} |`;
  const rule = `|${widths.map((width, i) => (i === 0 ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`)).join("|")}|`;
  return [line(columns), rule, ...cells.slice(1).map(line)];
}
