// A Worker that counts the requests it handles and the calls it makes: npx wrangler dev worker.js --compatibility-date 2026-04-26
import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";
import { metricsHandler } from "nrpc-metrics/http";

// One registry per isolate. A deployed Worker has several, which answer scrapes in turn: a scraper sees totals that fall,
// takes that for resets, and computes rates that are far too high. The clock of Workers shows whole milliseconds and
// moves only with I/O, so durations are time spent waiting, and computing counts as none.
const registry = new RpcMetricsRegistry();
const page = registry.forService("Worker/Page");
const upstream = registry.forService("Upstream/Get");
const metrics = metricsHandler(registry);

function callUpstream(url) {
  return upstream.observeCall(
    async (call) => {
      const response = await fetch(url);
      if (!response.ok) call.record(CallOutcome.ServerError);
      return response.text();
    },
    () => CallOutcome.Transport, // if fetch rejects
  );
}

export default {
  async fetch(request, env) {
    if (new URL(request.url).pathname === "/metrics") return metrics(request);
    return page.observeHandler(async () => {
      const text = await callUpstream(env.UPSTREAM ?? "https://example.com/");
      return new Response(`${text.length} characters from upstream\n`);
    });
  },
};
