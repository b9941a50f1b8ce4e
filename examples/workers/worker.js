// A Worker that counts the requests it handles and the calls it makes: npx wrangler dev worker.js --compatibility-date 2026-04-26
import { RpcMetricsRegistry } from "nrpc-metrics";
import { measuredFetch, measuredHandler } from "nrpc-metrics/fetch";
import { metricsHandler } from "nrpc-metrics/http";

// One registry per isolate. A deployed Worker has several, which answer scrapes in turn: a scraper sees totals that fall,
// takes that for resets, and computes rates that are far too high. The clock of Workers shows whole milliseconds and
// moves only with I/O, so durations are time spent waiting, and computing counts as none.
const registry = new RpcMetricsRegistry();
const metrics = metricsHandler(registry);
const page = measuredHandler(registry, answer, { service: "Worker/Page" });
const fetchUpstream = measuredFetch(registry, { service: "Upstream/Get" });

async function answer(_request, env) {
  const response = await fetchUpstream(env.UPSTREAM ?? "https://example.com/");
  const text = await response.text();
  return new Response(`${text.length} characters from upstream\n`);
}

export default {
  fetch(request, env, context) {
    if (new URL(request.url).pathname === "/metrics") return metrics(request);
    return page(request, env, context);
  },
};
