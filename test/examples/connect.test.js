// The example of Connect, run as a user of the package would run it, and that its generated code is of its definition.

import { mkdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Greeter } from "../../examples/connect/greeter_pb.js";
import { filesBelow, read } from "../docs/markdown.js";
import { start } from "../support/process.js";
import { makeWorkspace, repository } from "../support/workspace.js";
import { countedSamples } from "./samples.js";

/** What the example imports besides the adapter's own peers. */
const PACKAGES = ["@bufbuild/protobuf", "@connectrpc/connect-node"];

test("the example service of Connect greets, counts and refuses, and exposes both sides of its calls", async () => {
  const workspace = makeWorkspace("examples/connect");
  onTestFinished(workspace.remove);
  for (const name of PACKAGES) {
    const link = join(workspace.folder, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(repository, "node_modules", name), link);
  }
  const service = start(process.execPath, ["examples/connect/service.mjs"], {
    cwd: workspace.folder,
    env: { PORT: "0" },
  });
  onTestFinished(service.stop);
  const [output, url] = await service.printed(/[\s\S]*?(http:\S+\/metrics)\n/);
  expect(output.split("\n").slice(0, -2)).toEqual([
    "Hello, Ada!",
    "Hello, Grace!",
    "[invalid_argument] a name is missing",
    "1, Ada",
    "2, Ada",
    "3, Ada",
    "[unauthenticated] who are you?",
  ]);
  const samples = countedSamples(await (await fetch(url)).text());
  expect(samples).toMatchObject({
    'nrpc_calls_total{service="greeter.v1.Greeter/Hello"}': 4,
    'nrpc_call_status_total{service="greeter.v1.Greeter/Hello",code="ok"}': 2,
    'nrpc_call_status_total{service="greeter.v1.Greeter/Hello",code="invalid_argument"}': 1,
    'nrpc_call_status_total{service="greeter.v1.Greeter/Hello",code="unauthenticated"}': 1,
    'nrpc_in_flight_calls{service="greeter.v1.Greeter/Hello"}': 0,
    'nrpc_handler_invocations_total{service="greeter.v1.Greeter/Hello"}': 3,
    'nrpc_handler_status_total{service="greeter.v1.Greeter/Hello",code="invalid_argument"}': 1,
    'nrpc_handler_panics_total{service="greeter.v1.Greeter/Hello"}': 0,
    'nrpc_handler_in_flight{service="greeter.v1.Greeter/Hello"}': 0,
    'nrpc_capability_denied_total{service="greeter.v1.Greeter/Hello"}': 1,
    'nrpc_calls_total{service="greeter.v1.Greeter/Count"}': 1,
    'nrpc_handler_invocations_total{service="greeter.v1.Greeter/Count"}': 1,
    'nrpc_streaming_chunks_emitted_total{service="greeter.v1.Greeter/Count"}': 3,
  });
});

test("the generated code has the methods of greeter.proto, and all its copies are of the same definition", () => {
  const methods = Array.from(read("examples/connect/greeter.proto").matchAll(/rpc (\w+)/g), ([, name]) => name);
  expect(Greeter.methods.map(({ name }) => name)).toEqual(methods);
  const copies = ["examples", "test/package/consumers"].flatMap((folder) =>
    filesBelow(folder).filter((file) => /greeter_pb\.\w+$/.test(file)),
  );
  expect(copies).toHaveLength(2);
  const descriptors = copies.map((file) => /fileDesc\("(.*)"\)/.exec(read(file))[1]);
  expect(new Set(descriptors).size).toBe(1);
});
