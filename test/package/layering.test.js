// The order of imports in src/: the lint rules that hold it fail when it is broken.

import { execFile } from "node:child_process";
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const noImport = "lint/style/noRestrictedImports";

/** File, the line that is added to it, and the rule that must say no. */
const violations = [
  ["core/rows.ts", 'import "../registry.js";', noImport],
  ["core/rows.ts", 'import type { RpcMetricsSnapshot } from "../snapshot.js";', noImport],
  ["core/rows.ts", 'import "../exposition/label.js";', noImport],
  ["core/rows.ts", 'import "../http/index.js";', noImport],
  ["core/rows.ts", 'import "node:fs";', noImport],
  ["guard.ts", 'import "./service.js";', noImport],
  ["guard.ts", 'import "./registry.js";', noImport],
  ["guard.ts", 'import "./snapshot.js";', noImport],
  ["guard.ts", 'import "node:perf_hooks";', noImport],
  ["leaks.ts", 'import "./service.js";', noImport],
  ["service.ts", 'import "./registry.js";', noImport],
  ["service.ts", 'import "./snapshot.js";', noImport],
  ["service.ts", 'import "./exposition/text.js";', noImport],
  ["registry.ts", 'import "./index.js";', noImport],
  ["registry.ts", 'import "./exposition/text.js";', noImport],
  ["registry.ts", 'import "./http/index.js";', noImport],
  ["registry.ts", 'import "@assemblyscript/loader";', noImport],
  ["registry.ts", 'export const pool = import("./threads/pool.js");', noImport],
  ["snapshot.ts", 'import "./registry.js";', noImport],
  ["snapshot.ts", 'import "./service.js";', noImport],
  ["snapshot.ts", 'import "./guard.js";', noImport],
  ["snapshot.ts", 'import "./core/rows.js";', noImport],
  ["metrics.ts", 'import "./registry.js";', noImport],
  ["metrics.ts", 'import type { ServiceCounters } from "./service.js";', noImport],
  ["metrics.ts", 'export { CallMetricsGuard } from "./guard.js";', noImport],
  ["index.ts", 'import "./openmetrics/text.js";', noImport],
  ["outcome.ts", 'import "./registry.js";', noImport],
  ["buckets.ts", 'import "./core/rows.js";', noImport],
  ["core/rows.ts", 'import "./shared/memory.js";', noImport],
  ["core/shared/memory.ts", 'import "../../registry.js";', noImport],
  ["core/shared/memory.ts", 'import "../../threads/registry.js";', noImport],
  ["core/shared/memory.ts", 'import "@assemblyscript/loader";', noImport],
  ["core/shared/memory.ts", 'import "node:worker_threads";', noImport],
  ["threads/registry.ts", 'import "../service.js";', noImport],
  ["threads/registry.ts", 'import "../core/rows.js";', noImport],
  ["threads/registry.ts", 'import "node:fs";', noImport],
  [
    "threads/registry.ts",
    "export const shared = new WebAssembly.Memory({ initial: 1 });",
    "lint/style/noRestrictedGlobals",
  ],
  ["threads/registry.ts", "export const memory = (core: CoreExports) => core.memory.buffer;", "plugin"],
  ["http/endpoint.ts", 'import "../service.js";', noImport],
  ["http/endpoint.ts", 'import { textOf } from "../exposition/text.js";', noImport],
  ["http/endpoint.ts", 'import "node:http";', noImport],
  ["registry.ts", 'import "./page/index.js";', noImport],
  ["page/responder.ts", 'import "../service.js";', noImport],
  ["page/responder.ts", 'import { rowLayout } from "../core/layout.js";', noImport],
  ["page/responder.ts", 'import { RpcMetricsSnapshot } from "../snapshot.js";', noImport],
  ["page/responder.ts", 'import "../threads/registry.js";', noImport],
  ["page/responder.ts", 'import "./client/main.js";', noImport],
  ["page/responder.ts", 'import "preact";', noImport],
  ["page/responder.ts", 'import "node:http";', noImport],
  ["page/client/main.tsx", 'import "../responder.js";', noImport],
  ["page/client/main.tsx", 'import "preact/hooks";', noImport],
  ["exposition/writer.ts", 'import "../registry.js";', noImport],
  ["exposition/writer.ts", 'import { RpcMetricsSnapshot } from "../snapshot.js";', noImport],
  ["exposition/writer.ts", 'import "../core/rows.js";', noImport],
  ["exposition/writer.ts", 'import { rowLayout } from "../core/layout.js";', noImport],
  ["exposition/writer.ts", 'import "../threads/pool.js";', noImport],
  ["quantile.ts", "export const core = new WebAssembly.Memory({ initial: 1 });", "lint/style/noRestrictedGlobals"],
  ["guard.ts", "export const memory = (core: CoreExports) => core.memory.buffer;", "plugin"],
  ["guard.ts", 'import { leakDetector as Detector } from "./leaks.js";', "lint/suspicious/noImportCycles"],
  ["leaks.ts", 'import { CallMetricsGuard } from "./guard.js";', "lint/suspicious/noImportCycles"],
];

/** Lines that look alike and are in order. */
const inOrder = [
  ["core/rows.ts", 'import { MAX_BOUNDS } from "../buckets.js";'],
  ["core/rows.ts", 'import { show } from "../errors.js";'],
  ["core/rows.ts", "export const memory = (core: CoreExports) => [core.memory, WebAssembly];"],
  ["service.ts", 'import type { RowLayout as Layout } from "./core/layout.js";'],
  ["exposition/writer.ts", 'import type { SnapshotService } from "../snapshot.js";'],
  ["exposition/writer.ts", 'import type { RowLayout } from "../core/layout.js";'],
  ["exposition/writer.ts", 'import { readUint } from "../words.js";'],
  ["core/shared/memory.ts", 'import { show } from "../../errors.js";'],
  ["core/shared/memory.ts", 'import { Rows } from "../rows.js";'],
  ["threads/index.node.ts", 'import { threadId as id } from "node:worker_threads";'],
  ["threads/worker.ts", 'import { SharedStore } from "../core/shared/store.js";'],
  ["http/endpoint.ts", 'import type { SnapshotService } from "../snapshot.js";'],
  ["http/text.ts", 'import { escapeLabel } from "../exposition/label.js";'],
  ["page/responder.ts", 'import type { SnapshotService } from "../snapshot.js";'],
  ["page/responder.ts", 'import { nodeListener } from "../http/adapters.js";'],
  ["page/client/main.tsx", 'import type { PageWindow } from "../data.js";'],
];

/** Findings in a copy of src/ with `lines` added: `{ category, path, line }`, as Biome says them. */
async function lint(lines) {
  const copy = mkdtempSync(join(tmpdir(), "nrpc-metrics-layering-"));
  try {
    for (const part of ["src", ".ci", "biome.json"]) cpSync(join(root, part), join(copy, part), { recursive: true });
    const places = lines.map(([file, line]) => {
      const path = join(copy, "src", file);
      appendFileSync(path, `${line}\n`, { flag: "a" });
      return { file: `src/${file}`, line: readFileSync(path, "utf8").split("\n").length - 1 };
    });
    const biome = join(root, "node_modules/.bin/biome");
    const args = ["lint", "--reporter=json", "--max-diagnostics=none", "."];
    const { stdout, stderr } = await new Promise((resolve) => {
      execFile(biome, args, { cwd: copy, maxBuffer: 2 ** 26 }, (_, out, err) => resolve({ stdout: out, stderr: err }));
    });
    if (!stdout.startsWith("{")) throw new Error(`biome said ${stdout}${stderr}`);
    const { diagnostics } = JSON.parse(stdout);
    return places.map(({ file, line }) =>
      diagnostics
        .filter(({ location }) => location.path === file && location.start.line === line)
        .map(({ category }) => category),
    );
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

describe("the order of imports", () => {
  let broken;
  let kept;
  beforeAll(async () => {
    broken = await lint(violations);
    kept = await lint(inOrder);
  });

  test.each(violations.map((violation, i) => [...violation, i]))("%s may not hold %s", (_file, _line, rule, i) => {
    expect(broken[i]).toContain(rule);
  });

  test.each(inOrder.map((line, i) => [...line, i]))("%s may hold %s", (_file, _line, i) => {
    const ours = [noImport, "lint/style/noRestrictedGlobals", "plugin", "lint/suspicious/noImportCycles"];
    expect(kept[i].filter((category) => ours.includes(category))).toEqual([]);
  });
});
