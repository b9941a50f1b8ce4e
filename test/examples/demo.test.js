// Runs the gRPC demo as its users do, and compares its numbers with its traffic.

import { once } from "node:events";
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { packageFolder, repository } from "../support/workspace.js";
import { DemoProcess } from "./demo-process.js";
import { expectedSamples, withReportsExpired } from "./expected.js";
import { countedSamples } from "./samples.js";

const SUCCESS = { code: 0, signal: null };

/** One metric for each thing that can happen to a call. */
const EVENTS = [
  'nrpc_errors_total{service="demo.v1.Shop/Refund",kind="no_route"}',
  'nrpc_errors_total{service="demo.v1.Shop/BuildReport",kind="timeout"}',
  'nrpc_errors_total{service="demo.v1.Shop/Pay",kind="server"}',
  'nrpc_errors_total{service="demo.v1.Warehouse/CountStock",kind="transport"}',
  'nrpc_handler_panics_total{service="demo.v1.Shop/FindItem"}',
  'nrpc_streaming_chunks_dropped_total{service="demo.v1.Shop/WatchPrices"}',
  'nrpc_capability_denied_total{service="demo.v1.Shop/DeleteItem"}',
];

test("/metrics of the demo agrees exactly with what its traffic sent and received, on both sides", async () => {
  const demo = new DemoProcess(["--keep", "--tally"], 0);
  const [, url] = await demo.printed(/^metrics: (http:\S+)$/m);
  await demo.printed(/^Serving until Ctrl-C/m);
  const tally = JSON.parse((await demo.printed(/^tally: (.*)$/m))[1]);
  const response = await fetch(url);
  const text = await response.text();
  const page = await fetch(new URL("/", url));
  demo.interrupt();

  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(withReportsExpired(countedSamples(text))).toEqual(expectedSamples(tally));
  expect(text).toMatch(/^nrpc_tracked_services 8$/m);
  expect(page.headers.get("content-type")).toMatch(/^text\/html/);

  // The traffic is the same in every run and has every kind of call.
  expect(tally.calls).toEqual({
    "demo.v1.Shop/BuildReport": { OK: 16, RESOURCE_EXHAUSTED: 16, DEADLINE_EXCEEDED: 16 },
    "demo.v1.Shop/DeleteItem": { OK: 16, PERMISSION_DENIED: 16 },
    "demo.v1.Shop/FindItem": { OK: 160, NOT_FOUND: 16, INVALID_ARGUMENT: 16, UNKNOWN: 16 },
    "demo.v1.Shop/Pay": { OK: 32, FAILED_PRECONDITION: 16, UNKNOWN: 16 },
    "demo.v1.Shop/QuotePrice": { OK: 16, CANCELLED: 16 },
    "demo.v1.Shop/Refund": { UNIMPLEMENTED: 16 },
    "demo.v1.Shop/WatchPrices": { OK: 32, UNKNOWN: 16 },
    "demo.v1.Warehouse/CountStock": { UNAVAILABLE: 16 },
  });
  const chunks = tally.chunks["demo.v1.Shop/WatchPrices"];
  expect(chunks.asked).toBe(16 * (20 + 160));
  expect(chunks.got).toBeLessThan(chunks.asked);
  expect(await demo.ended).toEqual(SUCCESS);
});

test("the demo ends by itself, and prints progress in plain lines and its tables on stdout", async () => {
  const demo = new DemoProcess([], 0);
  expect(await demo.ended).toEqual(SUCCESS);
  expect(demo.stderr).toBe("");
  expect(demo.stdout).toContain("traffic: round 16 of 16, 448 calls resolved\n");
  expect(demo.stdout).toMatch(/^called service +calls +no route +timeout +server +transport +p50 +p99 +in flight$/m);
  expect(demo.stdout).toMatch(/^demo\.v1\.Shop\/Refund +16 +16 +0 +0 +0 /m);
  expect(demo.stdout).toMatch(/^serving side +runs +throws +denied +chunks +dropped +p50 +p99 +in flight$/m);
  expect(demo.stdout).toMatch(/^demo\.v1\.Shop\/Pay +64 +16 +0 +0 +0 /m);
  const answers = demo.stdout.slice(demo.stdout.indexOf("\nanswers by service "));
  expect(answers).toMatch(/^demo\.v1\.Shop\/Pay +failed_precondition +16 +16$/m);
  const statuses = [...answers.matchAll(/^demo\.v1\.\w+\/\w+ +([a-z_]+) +([1-9]\d*) +\d+$/gm)].map(([, name]) => name);
  expect(new Set(statuses).size).toBe(10); // that callers received
  expect(demo.stdout).toMatch(/^The demo ends here; it goes on serving with node examples\/grpc\/demo\.js --keep$/m);
  expect(demo.stdout).not.toContain("\r");
  expect(demo.stdout).not.toContain("\x1b"); // no escape codes
});

test("an interrupted demo ends after the current round and prints the numbers so far", async () => {
  const demo = new DemoProcess(["--keep", "--tally"], 0);
  await demo.printed(/^traffic: round 4 of 16/m);
  demo.interrupt();
  expect(await demo.ended).toEqual(SUCCESS);
  expect(demo.stdout).toMatch(/^demo\.v1\.Shop\/FindItem /m);
  expect(demo.stdout).not.toContain("round 16");
});

test("if its port is taken, the demo prints one line and exits with code 1", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => other.close());
  await once(other, "listening");
  const { port } = other.address();
  const demo = new DemoProcess([], port);
  expect(await demo.ended).toEqual({ code: 1, signal: null });
  const advice = "PORT=9465 node examples/grpc/demo.js";
  expect(demo.stderr).toBe(`Port ${port} of 127.0.0.1 is taken. Choose another: ${advice}\n`);
  expect(demo.stdout).toBe("");
});

/** A project that has the package and what the demo needs, as after the `npm install` of docs/frameworks.md. */
function project() {
  const folder = mkdtempSync(join(tmpdir(), "nrpc-metrics-demo-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(packageFolder(), join(folder, "node_modules/nrpc-metrics"), { recursive: true });
  symlinkSync(join(repository, "node_modules/@grpc"), join(folder, "node_modules/@grpc"));
  return folder;
}

test.each([
  ["a clone", () => repository, "examples/grpc/demo.js"],
  ["its own folder", () => join(repository, "examples/grpc"), "demo.js"],
  ["a project that has installed the package", project, "node_modules/nrpc-metrics/examples/grpc/demo.js"],
])("in %s, the command that the demo advises for a port that is taken runs it there", async (_, folder, program) => {
  const cwd = folder();
  const other = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => other.close());
  await once(other, "listening");
  const demo = new DemoProcess(["--live"], other.address().port, onTestFinished, { cwd, program });
  expect(await demo.ended).toEqual({ code: 1, signal: null });
  const [, path, ...args] = /Choose another: PORT=9465 (.*)\n$/.exec(demo.stderr)[1].split(" ");
  expect([path, ...args]).toEqual([program, "--live"]);
  const advised = new DemoProcess(args, 0, onTestFinished, { cwd, program: path });
  await advised.printed(/^metrics: http:/m);
});

test.each(["99999", "http", "-1"])("the demo refuses PORT=%s in one line and exits with code 1", async (port) => {
  const demo = new DemoProcess([], port);
  expect(await demo.ended).toEqual({ code: 1, signal: null });
  expect(demo.stderr).toBe(`PORT must be a number from 0 to 65535, got "${port}".\n`);
});

test("the demo with --live runs until Ctrl-C, and its registry overflows", async () => {
  const demo = new DemoProcess(["--live"], 0);
  const [, url] = await demo.printed(/^metrics: (http:\S+)$/m);
  await demo.printed(/^Traffic goes on until Ctrl-C\.$/m);
  const samples = async () => countedSamples(await (await fetch(url)).text());
  const overflowed = async (floor) => {
    const now = await samples();
    expect(now['nrpc_calls_total{service="__overflow__"}']).toBeGreaterThan(floor);
    return now;
  };
  const before = await vi.waitFor(() => overflowed(0), { timeout: 50_000, interval: 100 });
  const moved = async () => {
    const now = await overflowed(before['nrpc_calls_total{service="__overflow__"}']);
    for (const metric of EVENTS) expect(now[metric], metric).toBeGreaterThan(before[metric]);
  };
  await vi.waitFor(moved, { timeout: 50_000, interval: 100 });
  demo.interrupt();
  expect(await demo.ended).toEqual(SUCCESS);
  expect(demo.stderr).toBe("");
  expect(demo.stdout).toMatch(/^__overflow__ /m);
  expect(demo.stdout).toMatch(/^demo\.v1\.Shop\/FindItem /m); // registered before the made-up names
});
