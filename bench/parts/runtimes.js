// The core's calls in Node, Deno and Bun, with one registry and with two in use at once.

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
  "A process for each runtime, number of registries, and clock (injected or real). With two, the handles alternate at one call site, so that each call " +
    "site in the library meets two instances of the core.",
  "The ratio in brackets: of the same with one registry.",
];

const TRIED =
  "The part about whole calls tells what was tried; of two processes' medians, one interrupted more than the other, this part is the coarser measure.";

export default async function runtimes(options) {
  const tables = [];
  const goals = [];
  for (const { name, program, flags } of RUNTIMES) {
    if (!existsSync(program)) {
      if (process.env.CI) throw new Error(`${name} is not installed: ${program} is missing`);
      console.error(`${name} is not installed (npm ci at the top level does it) and is left out`);
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
        `${name}: guard with an injected clock, of the pure-JS floor`,
        find("guard, net of the clock"),
        find("pure-JS floor"),
        2,
        TRIED,
      ),
      atMost(
        `${name}: guard with the clock, of two bare reads`,
        find("guard with the clock"),
        find("two performance.now()"),
        1.2,
        TRIED,
      ),
    );
  }
  return { title: "Runtimes", notes: NOTES, tables, goals };
}
