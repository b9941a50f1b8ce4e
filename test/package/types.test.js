// The package's types in projects of its users, each checked as its users would.

import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, inject, test } from "vitest";

const modules = fileURLToPath(new URL("../../node_modules", import.meta.url));
// Below the folder that has the tarball installed, so that "nrpc-metrics" is what was packed.
const folder = mkdtempSync(join(inject("packed").folder, "consumers-"));
cpSync(new URL("consumers", import.meta.url), folder, { recursive: true });
// What code of protoc-gen-es imports.
mkdirSync(join(folder, "node_modules/@bufbuild"), { recursive: true });
symlinkSync(join(modules, "@bufbuild/protobuf"), join(folder, "node_modules/@bufbuild/protobuf"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a checker says of a project; empty when it is content. */
function complaints(program, args, project) {
  return new Promise((resolve) => {
    const options = { cwd: join(folder, project), env: { ...process.env, NO_COLOR: "1" } };
    execFile(program, args, options, (error, stdout, stderr) => {
      resolve(error ? `${stdout}${stderr}` || error.message : "");
    });
  });
}

describe.each(["typescript", "typescript-7"])("with %s", (compiler) => {
  const { version } = JSON.parse(readFileSync(join(modules, compiler, "package.json"), "utf8"));
  const args = [join(modules, compiler, "bin/tsc"), "--typeRoots", join(modules, "@types")];
  const tsc = (project, ...more) => complaints(process.execPath, [...args, ...more], project);

  test("the compilers are two generations", () => {
    expect(version).toMatch(compiler === "typescript" ? /^6\./ : /^7\./);
  });

  test("the types are right in a Node project without DOM", async () => {
    expect(await tsc("node")).toBe("");
  });

  test("the types are right in a browser project of ES2022 and DOM", async () => {
    expect(await tsc("browser")).toBe("");
  });

  test("the types of the adapter for gRPC are right in a strict project of its users", async () => {
    expect(await tsc("grpc")).toBe("");
  });

  test("the types of a tRPC app stay as they are through the middlewares and the link", async () => {
    expect(await tsc("trpc")).toBe("");
  });

  test("a measured fetch and measured handlers keep their types, with and without the DOM", async () => {
    expect(await tsc("fetch")).toBe("");
    expect(await tsc("fetch", "--lib", "ES2022,DOM")).toBe("");
  });

  test("a measured app of Hono keeps its types", async () => {
    expect(await tsc("hono")).toBe("");
  });

  test("the types are right for a service and a client of Connect", async () => {
    expect(await tsc("connect")).toBe("");
  });

  test("guards can be held by `using` with lib ESNext alone", async () => {
    expect(await tsc("using")).toBe("");
  });

  test.each(["nodenext", "node20"])("a CommonJS project with module %s can import the package", async (module) => {
    expect(await tsc("commonjs", "--module", module)).toBe("");
  });

  test.each(["node16", "node18"])(
    "a CommonJS project with module %s can import the package dynamically, and otherwise gets TS1479",
    async (module) => {
      const lines = (await tsc("commonjs", "--module", module)).split("\n").filter((line) => /^\S/.test(line));
      expect(lines).toHaveLength(2);
      for (const line of lines) expect(line).toMatch(/^required\.ts.* error TS1479: /);
    },
  );

  test("wrong uses are type errors", async () => {
    expect(await tsc("wrong-use")).toBe("");
  });
});

test("the types are right for Deno", async () => {
  expect(await complaints(join(modules, ".bin/deno"), ["check", "metrics.ts"], "deno")).toBe("");
});
