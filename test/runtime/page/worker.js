// A Worker with the live page. The handler is made at startup, when Workers have neither timers nor a clock.

import * as library from "nrpc-metrics";
import { pageHandler } from "nrpc-metrics/page";
import { reportPage } from "./report.js";

const registry = new library.RpcMetricsRegistry();
const page = pageHandler(registry);

export default {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/report") return Response.json(await reportPage(library, registry, page));
    if (pathname === "/many") for (let i = 0; i < 4096; i++) registry.forService(`service ${i}`);
    return page(request);
  },
};
