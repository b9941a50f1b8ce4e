// How much a user loads, and what the loaded code must not hold.

import { statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { parseAst } from "rollup/parseAst";
import { describe, expect, inject, test } from "vitest";
import { modulesOf, nodesOf } from "./graph.js";

const dist = join(inject("packed").folder, "node_modules/nrpc-metrics/dist");

test("all that the default entry loads is at most 6,000 bytes gzipped", () => {
  const modules = modulesOf(join(dist, "index.js"));
  expect(modules.every(({ ast }) => ast !== undefined)).toBe(true);
  const all = Buffer.concat(modules.map(({ source }) => source));
  expect(gzipSync(all, { level: 9 }).length).toBeLessThanOrEqual(6000);
});

test.each(["threads.js", "threads.node.js"])("%s adds at most 6,500 bytes gzipped to that", (entry) => {
  const added = modulesOf(join(dist, entry), ["node:worker_threads"]).filter(
    ({ path }) => path !== join(dist, "index.js"),
  );
  expect(added).toHaveLength(2);
  const all = Buffer.concat(added.map(({ source }) => source));
  expect(gzipSync(all, { level: 9 }).length).toBeLessThanOrEqual(6500);
});

test("http.js is at most 4,000 bytes gzipped, in one file", () => {
  const modules = modulesOf(join(dist, "http.js"));
  expect(modules).toHaveLength(1);
  expect(gzipSync(modules[0].source, { level: 9 }).length).toBeLessThanOrEqual(4000);
});

test("page.js loads nothing else and is at most 15,000 bytes gzipped, the page within it included", () => {
  const modules = modulesOf(join(dist, "page.js"));
  expect(modules).toHaveLength(1);
  expect(gzipSync(modules[0].source, { level: 9 }).length).toBeLessThanOrEqual(15_000);
});

test("core.wasm is at most 1,024 bytes", () => {
  expect(statSync(join(dist, "core.wasm")).size).toBeLessThanOrEqual(1024);
});

test("the workerd entry loads core.wasm as a file", () => {
  const modules = modulesOf(join(dist, "index.workerd.js"));
  expect(modules.map(({ path }) => path)).toContain(join(dist, "core.wasm"));
});

const isFunction = ({ type }) => /Function|MethodDefinition/.test(type);
const awaits = ({ type, await: forAwait }) => type === "AwaitExpression" || (type === "ForOfStatement" && forAwait);

test("a search of a module finds the awaits that stand outside functions", () => {
  const found = (source) => [...nodesOf(parseAst(source), isFunction)].some(awaits);
  expect(found("async function f() { await 1 } const g = async () => { await 1 };")).toBe(false);
  expect(found("if (x) { await 1 }")).toBe(true);
  expect(found("for await (const x of y);")).toBe(true);
});

describe.each(["index.js", "index.workerd.js", "http.js", "page.js", "threads.js"])("all that %s loads", (entry) => {
  const trees = modulesOf(join(dist, entry)).flatMap(({ path, ast }) => (ast ? [{ path, ast }] : []));

  test("has no top-level await, so that require() can load it", () => {
    for (const { path, ast } of trees) {
      expect([...nodesOf(ast, isFunction)].filter(awaits), path).toEqual([]);
    }
  });

  test("names nothing that only Node has", () => {
    const onlyNode = new Set(["process", "Buffer", "require", "global", "__dirname", "__filename", "setImmediate"]);
    for (const { path, ast } of trees) {
      const nodes = [...nodesOf(ast)];
      const names = nodes.filter(({ type }) => type === "Identifier").map(({ name }) => name);
      const strings = nodes.filter(({ type }) => type === "Literal").map(({ value }) => value);
      expect(names.length, path).toBeGreaterThan(0);
      expect(
        names.filter((name) => onlyNode.has(name)),
        path,
      ).toEqual([]);
      expect(
        strings.filter((value) => typeof value === "string" && value.startsWith("node:")),
        path,
      ).toEqual([]);
    }
  });
});
