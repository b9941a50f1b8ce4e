// For Prometheus, behind a proxy that hides this path.
import { metricsHandler } from "nrpc-metrics/http";
import { registry } from "../../registry.js";

const metrics = metricsHandler(registry, { gzip: false }); // Next.js compresses it, and would do so twice

export const dynamic = "force-dynamic"; // or the metrics of the build are served for good
export const GET = (request) => metrics(request);
