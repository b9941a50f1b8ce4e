// Serves the live page, and opens it in tabs of Chromium.

import { createServer } from "node:http";
import { onTestFinished } from "vitest";

/** Serves the page on a free port until the test has finished; `stop()` ends that earlier, `start()` serves again. */
export async function serve(listener) {
  let server;
  const start = (port) => {
    server = createServer(listener);
    return new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  };
  const stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  await start(0);
  const { port } = server.address();
  onTestFinished(async () => {
    listener.close();
    if (server.listening) await stop();
  });
  return { url: `http://127.0.0.1:${port}/ops/rpc`, stop, start: () => start(port) };
}

/** `page`, except that `data(request, response)` answers the requests for data, and may leave one to the page. */
export function withData(page, data) {
  return Object.assign(
    (request, response) => {
      if (request.url.includes("format=json")) data(request, response, () => page(request, response));
      else page(request, response);
    },
    { close: () => page.close() },
  );
}

/** A tab that shows the page, and all errors and messages in it. With `hasClock`, its time can be moved by `tab.clock`. */
export async function openTab(
  browser,
  url,
  { width = 1440, height = 900, colorScheme = "light", hasClock = false } = {},
) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme });
  onTestFinished(() => context.close());
  const tab = await context.newPage();
  const complaints = [];
  tab.on("console", (message) => complaints.push(message.text()));
  tab.on("pageerror", (error) => complaints.push(String(error)));
  tab.on("dialog", (dialog) => {
    complaints.push(dialog.message());
    dialog.dismiss();
  });
  await tab.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", ({ violatedDirective, sourceFile }) =>
      console.error(`violated ${violatedDirective} in ${sourceFile}`),
    );
  });
  if (hasClock) await tab.clock.install();
  await tab.goto(url);
  return { tab, complaints };
}

export const namesIn = (tab) => tab.locator("tbody .name").allTextContents();

export const cell = (tab, name, column) =>
  tab.locator(".row", { has: tab.getByRole("button", { name, exact: true }) }).locator(`[data-column="${column}"]`);

export function countCalls(registry, name, outcomes, elapsedNs = 2e7) {
  const service = registry.forService(name);
  for (const outcome of outcomes) service.recordCall(outcome, elapsedNs);
  return service;
}
