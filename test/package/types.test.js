// The package's types in projects of its users, each checked as its users would.

import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, inject, test } from "vitest";

const modules = fileURLToPath(new URL("../../node_modules", import.meta.url));
// Below the folder that has the tarball installed, so that "nrpc-metrics" is what was packed.
const folder = mkdtempSync(join(inject("packed").folder, "consumers-"));
cpSync(new URL("consumers", import.meta.url), folder, { recursive: true });
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a checker says of a project; empty when it is content. */
function complaints(program, args, project) {
  return new Promise((resolve) => {
    const options = { cwd: join(folder, project), env: { ...process.env, NO_COLOR: "1" } };
    execFile(join(modules, ".bin", program), args, options, (error, stdout, stderr) => {
      resolve(error ? `${stdout}${stderr}` || error.message : "");
    });
  });
}

const tsc = (project) => complaints("tsc", ["--typeRoots", join(modules, "@types")], project);

test("the types are right in a Node project without DOM", async () => {
  expect(await tsc("node")).toBe("");
});

test("the types are right in a browser project of ES2022 and DOM", async () => {
  expect(await tsc("browser")).toBe("");
});

test("guards can be held by `using` with lib ESNext alone", async () => {
  expect(await tsc("using")).toBe("");
});

test("wrong uses are type errors", async () => {
  expect(await tsc("wrong-use")).toBe("");
});

test("the types are right for Deno", async () => {
  expect(await complaints("deno", ["check", "metrics.ts"], "deno")).toBe("");
});
