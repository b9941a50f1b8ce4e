// The same in the Pages Router, whose API routes get node:http's request and response.
import { metricsListener } from "nrpc-metrics/http";
import { registry } from "../../registry.js";

export default metricsListener(registry);
