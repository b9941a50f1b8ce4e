// The repository's Markdown: files, fenced blocks, headings and links.

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));
export const read = (file) => readFileSync(join(root, file), "utf8");

const FOLDERS = ["", "docs", "ops", ".github", "bench/records"];

/** Every Markdown file, by its path in the repository. */
export const markdownFiles = FOLDERS.flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((file) => file.endsWith(".md"))
    .map((file) => join(folder, file)),
);

/** What a user reads: the files whose code is checked. */
export const guides = markdownFiles.filter((file) => file === "README.md" || /^(docs|ops)\//.test(file));

/** Files below `folder`, by their paths in the repository. */
export function filesBelow(folder) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("node_modules"))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length));
}

/** Fenced blocks: `{ file, line, language, code }`; `line` is that of the fence. */
export function blocksOf(file) {
  const text = read(file);
  return Array.from(text.matchAll(/^```(\S*)\n([\s\S]*?)^```$/gm), ({ 1: language, 2: code, index }) => ({
    file,
    line: text.slice(0, index).split("\n").length,
    language,
    code,
  }));
}

/** The text under the heading of level two, up to the next one. */
export function section(file, heading) {
  const found = read(file)
    .split(/^## /m)
    .find((text) => text.startsWith(`${heading}\n`));
  if (!found) throw new Error(`${file} has no section ${heading}`);
  return found;
}

const withoutBlocks = (text) => text.replace(/^```[\s\S]*?^```$/gm, "");

/** The ids that GitHub gives to the headings of a file. */
export function anchorsOf(file) {
  const seen = new Map();
  return Array.from(withoutBlocks(read(file)).matchAll(/^#{1,6} (.*)$/gm), ([, heading]) => {
    const slug = heading
      .toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .replace(/[^\p{L}\p{N}_\- ]/gu, "")
      .replaceAll(" ", "-");
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    return times === 0 ? slug : `${slug}-${times}`;
  });
}

/** Links and pictures that lead into the repository: `{ file, target, path, anchor }`, `path` from its root. */
export function linksOf(file) {
  const text = withoutBlocks(read(file)).replace(/`[^`\n]*`/g, "");
  const targets = [
    ...text.matchAll(/\]\(([^)\s]+)[^)]*\)/g),
    ...text.matchAll(/^\[[^\]]+\]: (\S+)/gm),
    ...text.matchAll(/\b(?:href|src)="([^"]+)"/g),
  ].map(([, target]) => target);
  return targets
    .filter((target) => !/^(https?|mailto):/.test(target))
    .map((target) => {
      const [path, anchor] = target.split("#");
      return { file, target, path: path === "" ? file : join(dirname(file), path), anchor };
    });
}
