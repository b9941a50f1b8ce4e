// Counts a call with each kind of registry, and serves it, where all intrinsics are frozen. Prints the text.

const intrinsics = [Object, Function.prototype, Array.prototype, Map.prototype, Error, Promise];
if (!intrinsics.every(Object.isFrozen)) throw new Error("intrinsics are not frozen");

const { CallOutcome, RpcMetricsRegistry } = await import("nrpc-metrics");
const { metricsHandler } = await import("nrpc-metrics/http");
const { pageHandler } = await import("nrpc-metrics/page");
const { createSharedRegistry } = await import("nrpc-metrics/threads");

for (const registry of [new RpcMetricsRegistry(), createSharedRegistry()]) {
  const echo = registry.forService("echo");
  echo.observeHandler(() => "reply");
  const call = echo.startCall();
  call.record(CallOutcome.Ok);
  call.end();
  console.log(registry.snapshot().prometheusText());
  console.log(await (await metricsHandler(registry)(new Request("http://localhost/metrics"))).text());
  const page = pageHandler(registry);
  console.log(await (await page(new Request("http://localhost/?format=json"))).text());
  page.close();
}
