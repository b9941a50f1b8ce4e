// The packed package where all intrinsics are frozen.

import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { rollup } from "rollup";
import { afterAll, expect, inject, test } from "vitest";
import config from "../../rollup.config.js";

const folder = mkdtempSync(join(inject("packed").folder, "hardened-"));
cpSync(new URL("hardened", import.meta.url), folder, { recursive: true });
mkdirSync(join(folder, "node_modules"));
symlinkSync(fileURLToPath(new URL("../../node_modules/ses", import.meta.url)), join(folder, "node_modules/ses"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ["under SES lockdown()", ["lockdown.js"]],
  ["under node --frozen-intrinsics", ["--frozen-intrinsics", "program.js"]],
])("all entries work %s", async (_, args) => {
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder });
  const count = (line) => stdout.split("\n").filter((each) => each === line).length;
  // Twice as text, by the registry and by the endpoint, of two registries.
  expect(count('nrpc_calls_total{service="echo"} 1')).toBe(4);
  expect(count('nrpc_handler_invocations_total{service="echo"} 1')).toBe(4);
  expect(stdout.match(/^\{.*"version":1.*"echo".*\}$/gm)).toHaveLength(2);
});

test("the build fails if the loader no longer has the statements that it changes", async () => {
  const plugin = config.plugins.find(({ name }) => name === "loader-without-global-write");
  const input = fileURLToPath(import.meta.resolve("@assemblyscript/loader"));
  const published = readFileSync(input, "utf8");
  const bundle = (code) => rollup({ input, plugins: [{ name: "loader", load: () => code }, plugin] });
  await expect(bundle(published)).resolves.toBeDefined();
  for (const [statement, other] of [
    ["Object.hasOwn =", "Object.own ="],
    ["const utf16 = new", "const utf8 = new"],
  ])
    await expect(bundle(published.replaceAll(statement, other))).rejects.toThrow("has changed");
});
