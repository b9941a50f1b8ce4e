// From the installed package to its TypeScript sources: for debuggers, for stacks, and for "go to definition".

import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { startTsserver } from "./tsserver.js";

const packageFolder = join(inject("packed").folder, "node_modules/nrpc-metrics");
const folder = mkdtempSync(join(inject("packed").folder, "source-maps-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const lineOf = (file, line) => readFileSync(file, "utf8").split("\n")[line - 1];

describe("the maps in dist/", () => {
  const files = readdirSync(join(packageFolder, "dist"), { recursive: true }).map((file) =>
    join(packageFolder, "dist", file),
  );
  const readMap = (file) => JSON.parse(readFileSync(`${file}.map`, "utf8"));

  test.each([
    ["code", files.filter((file) => file.endsWith(".js"))],
    ["declarations", files.filter((file) => file.endsWith(".d.ts"))],
  ])("of %s name only TypeScript files that are in the package", (_, mapped) => {
    const sources = mapped.flatMap((file) =>
      readMap(file).sources.map((source) => relative(packageFolder, resolve(dirname(file), source))),
    );
    expect(sources.length).toBeGreaterThan(20);
    expect(sources.filter((source) => !/^src\/.+\.ts$/.test(source))).toEqual([]);
    expect(sources.filter((source) => !existsSync(join(packageFolder, source)))).toEqual([]);
  });

  test("are named by the files that they belong to", () => {
    for (const file of files.filter((file) => /\.(js|d\.ts)$/.test(file))) {
      const lastLine = readFileSync(file, "utf8").trimEnd().split("\n").at(-1);
      expect(lastLine).toBe(`//# sourceMappingURL=${basename(file)}.map`);
    }
  });
});

describe("a stack", () => {
  const program = join(folder, "stacks.js");
  beforeAll(() =>
    writeFileSync(
      program,
      `import { RpcMetricsRegistry } from "nrpc-metrics";
import { metricsHandler } from "nrpc-metrics/http";
import { pageHandler } from "nrpc-metrics/page";
import { createSharedRegistry } from "nrpc-metrics/threads";

const failures = [
  () => new RpcMetricsRegistry({ maxServices: "many" }),
  () => new RpcMetricsRegistry().forService("echo").observeCall(() => { throw new Error("no echo"); }),
  () => metricsHandler(null),
  () => pageHandler(null),
  () => createSharedRegistry({ maxThreads: 0 }),
];
for (const fail of failures) {
  try {
    fail();
    throw new Error("nothing failed");
  } catch (error) {
    console.log(error.stack);
  }
}
`,
    ),
  );

  const FUNCTIONS = ["new RpcMetricsRegistry", "observeCall", "metricsHandler", "pageHandler", "createSharedRegistry"];

  test.each([
    ["with --enable-source-maps", "src", ["--enable-source-maps"]],
    ["without source maps", "dist", []],
  ])("%s shows functions and their lines in %s/", async (_, shown, options) => {
    const { stdout } = await promisify(execFile)(process.execPath, [...options, program]);
    const frames = Array.from(
      stdout.matchAll(/^ +at (.*) \((?:file:\/\/)?(.*\/nrpc-metrics\/.*):(\d+):(\d+)\)$/gm),
      ([, name, path, line, column]) => ({ name, path, call: lineOf(path, Number(line)).slice(Number(column) - 1) }),
    );
    for (const { name, path, call } of frames) {
      expect(relative(packageFolder, path), name).toMatch(new RegExp(`^${shown}/`));
      expect(call, `${name} in ${path}`).toMatch(/^(new )?\w+\(/); // what the function called there
    }
    const names = frames.map(({ name }) => name);
    for (const name of FUNCTIONS) expect(names).toContainEqual(expect.stringMatching(new RegExp(`(^|\\.)${name}$`)));
  });
});

describe("an editor", () => {
  const program = join(folder, "definitions.ts");
  let server;
  beforeAll(() => {
    writeFileSync(
      program,
      `import { RpcMetricsRegistry } from "nrpc-metrics";
import { metricsHandler } from "nrpc-metrics/http";
import { pageHandler } from "nrpc-metrics/page";
import { createSharedRegistry } from "nrpc-metrics/threads";

export const made = [new RpcMetricsRegistry().forService("echo").observeCall, metricsHandler, pageHandler, createSharedRegistry];
`,
    );
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({ compilerOptions: { module: "NodeNext", lib: ["ES2022", "DOM"], types: [] } }),
    );
    server = startTsserver(program);
  });
  afterAll(() => server?.stop());

  test.each([
    "RpcMetricsRegistry",
    "forService",
    "observeCall",
    "metricsHandler",
    "pageHandler",
    "createSharedRegistry",
  ])("goes from %s to its definition in TypeScript, and shows its documentation", async (name) => {
    const [{ file, start }] = await server.ask("definition", name);
    expect(relative(packageFolder, file)).toMatch(/^src\/.+(?<!\.d)\.ts$/);
    expect(lineOf(file, start.line).slice(start.offset - 1)).toMatch(new RegExp(`^${name}\\b`));
    const { documentation } = await server.ask("quickinfo", name);
    expect(documentation).toMatch(/\w+ \w+/);
  });
});
