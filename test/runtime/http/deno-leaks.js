// Run by `deno test`, whose sanitizers fail a test that leaves a timer, an operation or a resource behind.

import { RpcMetricsRegistry } from "nrpc-metrics";
import { metricsHandler } from "nrpc-metrics/http";
import { pageHandler } from "nrpc-metrics/page";

// Empty, so that an answer takes less time than the shortest timer.
const registry = new RpcMetricsRegistry();
const metrics = metricsHandler(registry);
const page = pageHandler(registry); // its own timer runs before and after each test

const scrape = async (headers) => (await metrics(new Request("http://localhost/", { headers }))).text();
const data = async () => (await page(new Request("http://localhost/?format=json"))).json();

// Until the code is compiled, an answer takes long enough for a timer to end by itself.
for (let i = 0; i < 50; i++) await Promise.all([scrape(), data()]);
await new Promise((resolve) => setTimeout(resolve, 20));

const check = (name, fn) => Deno.test({ name, sanitizeOps: true, sanitizeResources: true, fn });

check("a whole scrape leaves nothing", async () => {
  await scrape();
});
check("a compressed scrape leaves nothing", async () => {
  await scrape({ "accept-encoding": "gzip" });
});
check("scrapes together leave nothing", async () => {
  await Promise.all([scrape(), scrape(), scrape()]);
});
check("the page's data leaves nothing", async () => {
  await data();
});
check("a scrape that is broken off leaves nothing", async () => {
  const services = Array.from({ length: 1000 }, (_, i) => `service ${i}`);
  const { body } = await metricsHandler(new RpcMetricsRegistry({ services }))(new Request("http://localhost/"));
  const reader = body.getReader();
  await reader.read();
  await reader.cancel();
});
