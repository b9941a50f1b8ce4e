// Calls in Node, Deno and Bun, with one registry and with two in use at the same time.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runScript } from "../children.js";
import { median } from "../harness.js";
import { atMost, duration, times } from "../results.js";

const installed = (path) => fileURLToPath(new URL(`../../node_modules/${path}`, import.meta.url));

const RUNTIMES = [
  { name: "Node", program: process.execPath, flags: [] },
  {
    name: "Deno",
    program: installed("@deno/linux-x64-glibc/deno"),
    flags: ["run", "--allow-all", "--no-config", "--no-lock"],
  },
  { name: "Bun", program: installed(".bin/bun"), flags: ["run"] },
];

const NOTES = [
  "One process for each runtime, number of registries and clock (injected or real). With two registries, the handles alternate at one call " +
    "site, so that each call site in the library meets two instances of the core.",
  "In brackets: the ratio to the same with one registry.",
];

const TRIED =
  'See "Whole call, net of the clock" for what was tried. This part is the coarser measure: it compares medians of two processes, one of ' +
  "which may have been interrupted more often.";

export default async function runtimes(options) {
  const tables = [];
  const goals = [];
  for (const { name, program, flags } of RUNTIMES) {
    if (!existsSync(program)) {
      if (process.env.CI) throw new Error(`${name} is not installed: ${program} is missing`);
      console.error(`${name} is not installed and is skipped: run npm ci at the top level`);
      continue;
    }
    const run = async (registryCount) => {
      const title = `calls in ${name}, registries: ${registryCount}`;
      const entries = [];
      for (const clockIsInjected of [true, false]) {
        const work = JSON.stringify({ title, clockIsInjected, registryCount, quick: options.quick });
        entries.push(...(await runScript("children/core-calls.js", [work], { program, flags })));
      }
      return entries;
    };
    const one = await run(1);
    const two = await run(2);
    const find = (what) => one.find((entry) => entry.name === what);
    tables.push({
      title: name,
      columns: ["", "one registry", "two registries"],
      rows: one.map((entry, i) => {
        const ns = median(entry.ns);
        const twoNs = median(two[i].ns);
        return [entry.name, duration(ns), `${duration(twoNs)} (${times(twoNs / ns)})`];
      }),
      ns: { one, two },
    });
    goals.push(
      atMost(
        `${name}: guard with an injected clock, relative to the pure-JS floor`,
        find("guard, net of the clock"),
        find("pure-JS floor"),
        2,
        TRIED,
      ),
      atMost(
        `${name}: guard with the clock, relative to two bare reads`,
        find("guard with the clock"),
        find("two performance.now()"),
        1.2,
        TRIED,
      ),
    );
  }
  return { title: "Runtimes", notes: NOTES, tables, goals };
}
