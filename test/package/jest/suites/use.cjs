// What a test of a user does: counts, and looks at what was counted.

async function use(library, http) {
  const registry = new library.RpcMetricsRegistry();
  registry.forService("echo").observeCall(() => "answer");
  const response = await http.metricsHandler(registry)(new Request("http://localhost/metrics"));
  return /^nrpc_calls_total\{service="echo"\} (\d+)$/m.exec(await response.text())?.[1];
}

module.exports = { use };
