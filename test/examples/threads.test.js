// The examples with worker threads, each run as a user of the package would run it.

import { expect, onTestFinished, test } from "vitest";
import { start } from "../support/process.js";
import { makeWorkspace } from "../support/workspace.js";
import { countedSamples } from "./samples.js";

function startExample(script, env) {
  const workspace = makeWorkspace(script.slice(0, script.lastIndexOf("/")));
  onTestFinished(workspace.remove);
  const program = start(process.execPath, [script], { cwd: workspace.folder, env });
  onTestFinished(program.stop);
  return program;
}

test("in the threads example, a hanging worker is killed and replaced, and what it had counted stays in /metrics", async () => {
  const program = startExample("examples/threads/main.js", { PORT: "0" });
  const [output, url] = await program.printed(/[\s\S]*?(http:\S+\/metrics)\n/);
  // Clients and workers are counted; 4 workers are started at first, and 1 to replace the killed one.
  expect(output.split("\n")).toEqual([
    "at first: 400 calls resolved, 0 of them cut off; 400 handlers started, 0 running",
    "before the kill: 400 calls resolved, 0 of them cut off; 401 handlers started, 1 running",
    expect.stringMatching(/^worker \d+ has ended, another takes its place$/),
    "after the kill: 403 calls resolved, 3 of them cut off; 401 handlers started, 0 running",
    "at the end: 803 calls resolved, 3 of them cut off; 801 handlers started, 0 running",
    url,
    "",
  ]);

  const response = await fetch(url);
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(countedSamples(await response.text())).toEqual({
    'nrpc_calls_total{service="Search/Match"}': 803,
    'nrpc_errors_total{service="Search/Match",kind="no_route"}': 0,
    'nrpc_errors_total{service="Search/Match",kind="timeout"}': 0,
    'nrpc_errors_total{service="Search/Match",kind="server"}': 0,
    'nrpc_errors_total{service="Search/Match",kind="transport"}': 3,
    'nrpc_in_flight_calls{service="Search/Match"}': 0,
    'nrpc_call_latency_seconds_count{service="Search/Match"}': 803,
    'nrpc_handler_invocations_total{service="Search/Match"}': 801,
    'nrpc_handler_panics_total{service="Search/Match"}': 0,
    'nrpc_handler_in_flight{service="Search/Match"}': 0,
    'nrpc_handler_duration_seconds_count{service="Search/Match"}': 800,
    'nrpc_streaming_chunks_emitted_total{service="Search/Match"}': 0,
    'nrpc_streaming_chunks_dropped_total{service="Search/Match"}': 0,
    'nrpc_capability_denied_total{service="Search/Match"}': 0,
    'nrpc_call_status_total{service="Search/Match",code="ok"}': 800,
    'nrpc_handler_status_total{service="Search/Match",code="ok"}': 800,
  });
});

test("in the pool example, two workers answer every request once, and the main thread sees all handler runs", async () => {
  const { code, stdout, stderr } = await startExample("examples/node/pool.mjs").ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const lines = stdout.trimEnd().split("\n");
  expect(lines.pop()).toBe("5");
  expect(lines.sort()).toEqual([
    "fibonacci(10) = 55",
    "fibonacci(15) = 610",
    "fibonacci(20) = 6765",
    "fibonacci(25) = 75025",
    "fibonacci(30) = 832040",
  ]);
});
