// Mutation test of the core, which Stryker can't reach: `npm run mutate -- assembly`.
//
// Each mutant is one change to one of assembly/*.ts. Both builds are compiled from it, and the fast tests of registries,
// plain and shared, have to notice. Not counted are mutants that don't compile, and those that compile to the same bytes
// in both builds. Works in a copy of the repository; fails if fewer than 90 % are killed.

import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const MINIMUM = 0.9;
const root = fileURLToPath(new URL("..", import.meta.url));
const copy = `${root}build/mutation/copy`;

/** What each operator is replaced with. */
const OPERATORS = {
  "<": ["<=", ">="],
  ">": [">=", "<="],
  "==": ["!="],
  "||": ["&&"],
  "&&": ["||"],
  "+": ["-"],
  "-": ["+"],
  "*": ["/"],
  "/": ["*"],
  "+=": ["-="],
  "-=": ["+="],
  "++": ["--"],
  "--": ["++"],
};

/** What each function is replaced with. */
const FUNCTIONS = { nearest: ["floor", "ceil"] };

/** The changes to `source`: where each starts and ends, and the new text. */
function changesOf(source) {
  const changes = [];
  const replace = (node, text) => changes.push({ start: node.getStart(), end: node.getEnd(), text });
  const visit = (node) => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node) || ts.isDecorator(node) || ts.isTypeNode(node))
      return;
    if (ts.isBinaryExpression(node)) {
      for (const text of OPERATORS[node.operatorToken.getText()] ?? []) replace(node.operatorToken, text);
    } else if (ts.isPrefixUnaryExpression(node)) {
      const operator = ts.tokenToString(node.operator);
      const replacements = operator === "!" || operator === "-" ? [""] : OPERATORS[operator];
      for (const text of replacements) replace(node, text + node.operand.getText());
    } else if (ts.isPostfixUnaryExpression(node)) {
      for (const text of OPERATORS[ts.tokenToString(node.operator)]) replace(node, node.operand.getText() + text);
    } else if (ts.isNumericLiteral(node)) {
      replace(node, node.text === "0" ? "1" : `(${node.getText()} * 2)`);
    } else if (ts.isConditionalExpression(node)) {
      for (const branch of [node.whenTrue, node.whenFalse]) replace(node, branch.getText());
    } else if (ts.isIfStatement(node)) {
      for (const text of ["true", "false"]) replace(node.expression, text);
    } else if (ts.isExpressionStatement(node)) {
      replace(node, "{}");
    } else if (ts.isCallExpression(node)) {
      for (const text of FUNCTIONS[node.expression.getText()] ?? []) replace(node.expression, text);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile("", source, ts.ScriptTarget.Latest, true));
  return changes;
}

function succeeds(program, ...args) {
  const { status } = spawnSync(process.execPath, [`node_modules/${program}`, ...args], {
    cwd: copy,
    env: { ...process.env, MUTATED_WING: "assembly" },
    timeout: 180_000, // a loop that does not end
    killSignal: "SIGKILL",
  });
  return status === 0;
}

/** Compiles both builds; returns their bytes, or undefined if one does not compile. */
function compiled() {
  const asc = (entry, target) => succeeds("assemblyscript/bin/asc.js", `assembly/${entry}.ts`, "--target", target);
  if (!asc("index", "release") || !asc("threads", "threads")) return undefined;
  return ["core", "threads"].map((name) => readFileSync(`${copy}/build/${name}.wasm`, "base64")).join();
}

function testsPass() {
  cpSync(`${copy}/build/core.wasm`, `${copy}/dist/core.wasm`);
  const { status } = spawnSync(process.execPath, ["scripts/embed-core.mjs"], { cwd: copy });
  if (status !== 0) throw new Error("the core can't be embedded");
  return succeeds("vitest/vitest.mjs", "run", "--config", "vitest.mutate.config.js", "--bail", "1");
}

rmSync(copy, { recursive: true, force: true });
mkdirSync(copy, { recursive: true });
const copied = ["assembly", "scripts", "src", "test", "dist", "asconfig.json", "package.json", "tsconfig.json"];
for (const name of [...copied, "vitest.unit.config.js", "vitest.mutate.config.js"])
  cpSync(`${root}${name}`, `${copy}/${name}`, { recursive: true });
symlinkSync(`${root}node_modules`, `${copy}/node_modules`);

const unchanged = compiled();
if (unchanged === undefined || !testsPass()) throw new Error("without a mutant, the core does not pass its tests");

const count = { killed: 0, survived: 0, same: 0, invalid: 0 };
for (const name of readdirSync(`${root}assembly`).filter((each) => each.endsWith(".ts"))) {
  const file = `${copy}/assembly/${name}`;
  const source = readFileSync(file, "utf8");
  for (const { start, end, text } of changesOf(source)) {
    writeFileSync(file, source.slice(0, start) + text + source.slice(end));
    const bytes = compiled();
    let result = "invalid";
    if (bytes === unchanged) result = "same";
    else if (bytes !== undefined) result = testsPass() ? "survived" : "killed";
    count[result]++;
    const line = source.slice(0, start).split("\n").length;
    console.log(`${result.padEnd(8)} assembly/${name}:${line} ${source.slice(start, end)} -> ${text}`);
  }
  writeFileSync(file, source);
}
rmSync(copy, { recursive: true });

const all = count.killed + count.survived;
console.log(`killed ${count.killed} of ${all}, ${((100 * count.killed) / all).toFixed(1)} %`);
console.log(`not counted: ${count.same} compile to the same bytes, ${count.invalid} don't compile`);
if (count.killed < MINIMUM * all) process.exitCode = 1;
