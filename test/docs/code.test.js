// The code that the documentation shows: it stands in an example, which other tests run, or it is run here.

import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { expect, inject, onTestFinished, test } from "vitest";
import { failures, hostileStatuses } from "../examples/hostile-requests.js";
import { installed } from "../support/installed.js";
import { PROMTOOL, promtool } from "../ops/rules.js";
import { blocksOf, filesBelow, guides, read, root } from "./markdown.js";
import { freePort } from "../support/free-port.js";

const blocks = guides.flatMap(blocksOf);
const ofLanguage = (...languages) => blocks.filter(({ language }) => languages.includes(language));
const named = (list) => list.map((block) => [`${block.file}:${block.line}`, block]);

const CODE = ["js", "html", "diff", "json"]; // test/package/test-runners.test.js uses the one of json
const TEXT = ["sh", "yaml", "promql", "proto", "text"];

test("every block of code names a language that is checked, or is plain text", () => {
  const others = blocks.filter(({ language }) => ![...CODE, ...TEXT].includes(language));
  expect(others.map(({ file, line, language }) => `${file}:${line} ${language}`)).toEqual([]);
});

/** Of a diff, the program as it is after the change. */
function programOf({ language, code }) {
  if (language !== "diff") return code;
  return code.replace(/^-.*\n/gm, "").replace(/^[+ ]/gm, "");
}

function dedent(lines) {
  const depth = Math.min(...lines.filter((line) => line.trim() !== "").map((line) => line.search(/\S/)));
  return lines.map((line) => line.slice(depth)).join("\n");
}

const examples = filesBelow("examples").map((file) => read(file).trimEnd().split("\n"));

/** Whether consecutive lines of one example are these, at whatever depth of indentation. */
function standsInAnExample(code) {
  const lines = code.trimEnd().split("\n");
  const wanted = dedent(lines);
  return examples.some((example) =>
    example.some((_, first) => dedent(example.slice(first, first + lines.length)) === wanted),
  );
}

test("lines of an example are found at any depth, and are not once a word differs", () => {
  const lines = "if (!response.ok) call.record(CallOutcome.ServerError);\nreturn response.text();\n";
  expect(standsInAnExample(lines)).toBe(true);
  expect(standsInAnExample(lines.replace("ServerError", "Transport"))).toBe(false);
});

/** A folder beside the packed package, which finds that and the repository's own packages, with the program in it. */
function place(program) {
  const folder = mkdtempSync(join(inject("packed").folder, "docs-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  // Generated code, which is shown only where it is an example.
  // Users may name it so that it is an ES module in any folder.
  const moduleName = (file) => basename(file).replace(/\.js$/, ".mjs");
  const copied = filesBelow("examples").filter((file) => program.includes(` from "./${moduleName(file)}"`));
  for (const each of copied) writeFileSync(join(folder, moduleName(each)), read(each));
  const imports = [program, ...copied.map(read)].flatMap((code) =>
    Array.from(code.matchAll(/ from "((?:@[a-z-]+\/)?[a-z][a-z-]*)(?:\/[^"]*)?"/g), ([, name]) => name),
  );
  for (const name of new Set(imports)) {
    if (name === "nrpc-metrics") continue;
    const link = join(folder, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, "node_modules", name), link);
  }
  for (const { code } of ofLanguage("proto")) {
    const [, name] = /^\/\/ (\S+)\n/.exec(code);
    if (program.includes(`"${name}"`)) writeFileSync(join(folder, name), code);
  }
  const file = join(folder, "program.mjs");
  writeFileSync(file, program);
  return file;
}

/** Runs a program that ends by itself: it may not complain, and prints the numbers that its comments promise. */
async function runToItsEnd(program) {
  const file = place(program);
  const options = { cwd: dirname(file), timeout: 30_000 };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [file], options);
  expect(stderr).toBe("");
  for (const [, promised] of program.matchAll(/console\.log\(.*\); \/\/ (\d+)$/gm)) {
    expect(stdout.split("\n")).toContain(promised);
  }
}

/** Runs a program that serves on `ports` until each has answered, where the endpoint or the page is mounted; attacks it. */
async function runUntilItServes(program, ports) {
  const file = place(program);
  const child = spawn(process.execPath, [file], { cwd: dirname(file), stdio: ["ignore", "ignore", "pipe"] });
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    complaints += text;
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  onTestFinished(async () => {
    child.kill();
    await ended;
  });
  for (const port of ports) {
    const path = ["/metrics", "/rpc"].find((mounted) => program.includes(`"${mounted}"`)) ?? "/";
    let status;
    while (status === undefined && child.exitCode === null) {
      status = await fetch(`http://127.0.0.1:${port}${path}`).then(
        (response) => response.status,
        () => sleep(20),
      );
    }
    expect({ path, status, complaints }).toEqual({ path, status: 200, complaints: "" });
    expect(failures(await hostileStatuses(`http://127.0.0.1:${port}`, path))).toEqual([]);
    expect((await fetch(`http://127.0.0.1:${port}${path}`)).status).toBe(200);
  }
  expect(child.exitCode).toBe(null);
}

const programs = ofLanguage("js", "diff").filter((block) => !standsInAnExample(programOf(block)));

test.each(named(programs))("the program at %s runs against the packed package", async (_, block) => {
  let program = programOf(block);
  const ports = [];
  // Port 0 is for what only the program itself calls.
  for (const [, shown] of program.matchAll(/\.listen\((?:\{[^}]*\bport: )?([1-9]\d*)/g)) {
    const port = await freePort();
    program = program.replaceAll(shown, String(port));
    ports.push(port);
  }
  await (ports.length > 0 ? runUntilItServes(program, ports) : runToItsEnd(program));
});

test.each(named(ofLanguage("html")))("the page at %s stands in an example", (_, { code }) => {
  expect(standsInAnExample(code)).toBe(true);
});

const queries = ofLanguage("promql").flatMap(({ code }) => code.split("\n").filter((line) => /^[^#]/.test(line)));
const configurations = ofLanguage("yaml").filter(({ code }) => code.includes("scrape_configs:"));

if (installed(PROMTOOL, "apt install prometheus")) {
  const inFolder = (name, text) => {
    const folder = mkdtempSync(join(tmpdir(), "nrpc-metrics-docs-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };

  test("promtool understands every query that the documentation shows", async () => {
    expect(queries.length).toBeGreaterThan(30);
    const rules = queries.map((expr, i) => ({ record: `query_${i}`, expr }));
    const file = inFolder("rules.yml", JSON.stringify({ groups: [{ name: "queries", rules }] }));
    const { ok, words } = await promtool("check", "rules", file);
    expect(ok, words).toBe(true);
  });

  test.each(named(configurations))("promtool takes the configuration at %s", async (_, { code }) => {
    const { ok, words } = await promtool(
      "check",
      "config",
      inFolder("prometheus.yml", code.replace(/^rule_files:\n( .*\n)+/m, "")),
    );
    expect(ok, words).toBe(true);
  });
}
