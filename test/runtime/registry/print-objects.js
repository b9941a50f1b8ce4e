// Prints the objects that users hold, as they would with console.log.

import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";

const registry = new RpcMetricsRegistry();
const echo = registry.forService("echo");
echo.recordCall(CallOutcome.Timeout, 5);
console.log(echo);
console.log(echo.startCall());
console.log(registry);
console.log(registry.snapshot());
