// How much a user loads, and what the loaded code must not contain.

import { join } from "node:path";
import { parseAst } from "rollup/parseAst";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { measure, sizeTable } from "../../scripts/sizes.mjs";
import { modulesOf, nodesOf } from "./graph.js";

const dist = join(inject("packed").folder, "node_modules/nrpc-metrics/dist");

describe("what a page loads", () => {
  let sizes;
  beforeAll(async () => {
    sizes = await measure(dist);
    console.log(sizeTable(sizes));
  });

  test.each([
    "index.js",
    "+ http.js",
    "+ page.js",
    "+ threads.js",
    "+ grpc.js",
    "+ connect.js",
    "+ trpc.js",
    "+ fetch.js",
    "+ hono.js",
    "core.wasm",
  ])("%s stays within its limit", (file) => {
    const { bytes, limit } = sizes[file];
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThanOrEqual(limit);
  });
});

test("the default entry loads JavaScript alone", () => {
  const modules = modulesOf(join(dist, "index.js"));
  expect(modules.every(({ ast }) => ast !== undefined)).toBe(true);
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

describe.each(["index.js", "index.workerd.js", "http.js", "page.js", "threads.js", "fetch.js", "hono.js"])(
  "all that %s loads",
  (entry) => {
    const trees = modulesOf(join(dist, entry)).flatMap(({ path, ast }) => (ast ? [{ path, ast }] : []));

    test("has no top-level await, so that require() can load it", () => {
      for (const { path, ast } of trees) {
        expect([...nodesOf(ast, isFunction)].filter(awaits), path).toEqual([]);
      }
    });

    // Asking for it as a property of globalThis, or by getBuiltinModule, needs nothing of bundlers and finds nothing elsewhere.
    test("names nothing that only Node has", () => {
      const onlyNode = new Set(["process", "Buffer", "require", "global", "__dirname", "__filename", "setImmediate"]);
      for (const { path, ast } of trees) {
        const nodes = [...nodesOf(ast)];
        const asked = new Set(
          nodes.flatMap(({ type, computed, property, callee, arguments: given }) => {
            if (type === "MemberExpression" && !computed) return [property];
            return type === "CallExpression" && callee.property?.name === "getBuiltinModule" ? given : [];
          }),
        );
        const named = nodes.filter((node) => !asked.has(node));
        const names = named.filter(({ type }) => type === "Identifier").map(({ name }) => name);
        const strings = named.filter(({ type }) => type === "Literal").map(({ value }) => value);
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
  },
);
