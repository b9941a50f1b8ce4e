// What console.log shows of the objects that users hold, in each runtime as far as it allows.

import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { hasChromium, launchChromium } from "../../support/browsers/chromium.js";
import { installed } from "../../support/installed.js";
import { start } from "../../support/process.js";
import { bun, bunEnvironment } from "../../support/runtimes/bun.js";
import { deno, denoEnvironment } from "../../support/runtimes/deno.js";
import { serve } from "../../support/web-server.js";
import { makeWorkspace, packageFolder } from "../../support/workspace.js";

const script = "test/runtime/registry/print-objects.js";
let workspace;
beforeAll(() => {
  workspace = makeWorkspace(script);
});
afterAll(() => workspace?.remove());

const runtimes = [
  ["Node", process.execPath, [script], () => ({ NO_COLOR: "1", FORCE_COLOR: "0" })],
  ["Bun", bun, [script], () => ({ ...bunEnvironment, NO_COLOR: "1" })],
  ["Deno", deno, ["run", "--no-prompt", "--cached-only", script], () => denoEnvironment(workspace.folder)],
].filter(([, program]) => installed(program, "npm ci"));

test.each(runtimes)("%s prints names and counts instead of addresses and instances", async (_, program, args, env) => {
  const { code, stdout, stderr } = await start(program, args, { cwd: workspace.folder, env: env() }).ended;
  expect([code, stderr]).toEqual([0, ""]);
  const printed = stdout.replaceAll('"', "'");
  expect(printed).toMatch(/^ServiceCounters \{\s+name: 'echo',/);
  expect(printed).toMatch(/\bcallsTotal: 1,[\s\S]*\berrorsTimeout: 1,[\s\S]*\bhandlerInFlight: 0,/);
  expect(printed).toMatch(/^CallMetricsGuard \{\s*service: 'echo',\s*state: 'running',?\s*\}$/m);
  expect(printed).toMatch(/^RpcMetricsRegistry \{\s+size: 1,\s+maxServices: 4096,[\s\S]*?services: \[\s*'echo'/m);
  expect(printed).toMatch(/^RpcMetricsSnapshot \{\s+services: \[/m);
  expect(printed).not.toMatch(/\b(core|host|words|store)\b/);
});

test.runIf(hasChromium())("Chromium's devtools show the name of a service first", async () => {
  const { origin } = await serve({
    folders: { "/package/": packageFolder() },
    pages: { "/": { body: "<!doctype html>" } },
  });
  const browser = await launchChromium();
  onTestFinished(() => browser.close());
  const tab = await browser.newPage();
  await tab.goto(`${origin}/`);
  const devtools = await tab.context().newCDPSession(tab);
  await devtools.send("Runtime.enable");
  const logged = new Promise((resolve) => devtools.on("Runtime.consoleAPICalled", resolve));
  // As text, which vitest leaves as it is.
  await tab.evaluate(`import("/package/dist/index.js").then(({ RpcMetricsRegistry }) =>
    console.log(new RpcMetricsRegistry().forService("echo")))`);
  const { args } = await logged;
  expect(args[0].className).toBe("ServiceCounters");
  expect(args[0].preview.properties[0]).toMatchObject({ name: "name", value: "echo" });
});
