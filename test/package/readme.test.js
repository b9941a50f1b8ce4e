// The README tells the truth: its programs are the tested examples, its snippets run, its numbers are the newest record's.

import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, inject, test } from "vitest";

const root = new URL("../..", import.meta.url);
const read = (path) => readFileSync(new URL(path, root), "utf8");
const readme = read("README.md");

function blocks(language) {
  return Array.from(
    readme.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, "gm")),
    ([, block]) => block,
  );
}

const EXAMPLES = [
  "examples/node/service.mjs",
  "examples/workers/worker.js",
  "examples/deno/service.js",
  "examples/bun/service.js",
  "examples/browser/index.html",
  "examples/node/pool.mjs",
  "examples/web-worker/page.js",
  "examples/web-worker/worker.js",
];

test.each(EXAMPLES)("shows %s as it is", (example) => {
  expect([...blocks("js"), ...blocks("html")]).toContain(read(example));
});

describe("its snippets", () => {
  const examples = EXAMPLES.map(read);
  const snippets = blocks("js").filter((block) => !examples.includes(block));

  test("are there", () => expect(snippets.length).toBeGreaterThanOrEqual(2));

  test.each(snippets)("run against the packed package: %#", async (snippet) => {
    const folder = await mkdtemp(join(inject("packed").folder, "readme-"));
    try {
      const file = join(folder, "snippet.js");
      await writeFile(file, snippet);
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [file]);
      expect(stderr).toBe("");
      for (const [, told] of snippet.matchAll(/console\.log\(.*\); \/\/ (\d+)$/gm))
        expect(stdout).toContain(`${told}\n`);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

test("begins with the two commands that prove and show the project", () => {
  const [commands] = blocks("sh");
  expect(commands).toMatch(/^npm ci && npm test\s/);
  expect(commands).toContain("\nnpm ci && npm run demo");
});

test("quotes the newest record of the benchmark: the machine, and no ratio that is not in it", () => {
  const newest = readdirSync(new URL("bench/records/", root))
    .filter((file) => file.endsWith(".md"))
    .sort()
    .at(-1);
  const record = read(`bench/records/${newest}`);
  const [, section] = /^## How fast\n([\s\S]*?)^## /m.exec(readme);
  expect(section).toContain(`bench/records/${newest}`);
  const ratios = section.match(/[\d.,]+×/g);
  expect(ratios.length).toBeGreaterThan(8);
  for (const ratio of ratios) expect(record).toContain(ratio);
  expect(section).toContain(/^- cpu: (.*)$/m.exec(record)[1]);
  expect(section).toContain(/^- node: (v\S+),/m.exec(record)[1]);
});

test("links to nothing in the repository that is not there", () => {
  for (const [, target] of readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
    expect(() => readdirSync(new URL(target, root)), target).not.toThrow(/ENOENT/);
  }
});
