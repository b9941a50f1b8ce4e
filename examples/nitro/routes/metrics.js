// For Prometheus, behind a proxy that hides this path.
import { defineHandler } from "nitro/h3";
import { metricsHandler } from "nrpc-metrics/http";
import { registry } from "../registry.js";

const metrics = metricsHandler(registry);

export default defineHandler((event) => metrics(event.req));
