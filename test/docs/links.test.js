// Links in the repository's Markdown lead somewhere, also where it is read in the tarball.

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { anchorsOf, linksOf, markdownFiles, read, root } from "./markdown.js";

const links = markdownFiles.flatMap(linksOf);
const shown = ({ file, target }) => `${file}: ${target}`;

test("every link leads to a file or folder of the repository", () => {
  expect(links.length).toBeGreaterThan(50);
  expect(links.filter(({ path }) => !existsSync(join(root, path))).map(shown)).toEqual([]);
});

test("every anchor is a heading of the file that it leads into", () => {
  const withAnchor = links.filter(({ anchor }) => anchor !== undefined);
  expect(withAnchor.length).toBeGreaterThan(10);
  expect(withAnchor.filter(({ path, anchor }) => !anchorsOf(path).includes(anchor)).map(shown)).toEqual([]);
});

test("what is published links to nothing that is not", () => {
  const listing = execFileSync("tar", ["-tzf", inject("packed").tarball], { encoding: "utf8" });
  const published = listing.split("\n").map((file) => file.replace(/^package\//, ""));
  const fromPublished = links.filter(({ file }) => published.includes(file));
  expect(fromPublished.length).toBeGreaterThan(50);
  const isPublished = ({ path }) => published.some((file) => file === path || file.startsWith(`${path}/`));
  expect(fromPublished.filter((link) => !isPublished(link)).map(shown)).toEqual([]);
});

test("every script that the documentation runs is one of the package", () => {
  const { scripts } = JSON.parse(read("package.json"));
  const named = markdownFiles.flatMap((file) =>
    Array.from(read(file).matchAll(/\bnpm (?:run ([\w:]+)|(test)\b)/g), ([, script, test]) => script ?? test),
  );
  expect(named).toContain("demo");
  expect(named.filter((script) => !(script in scripts))).toEqual([]);
});
