// A page's program, for bundlers: what it measured is in globalThis.measured, and as text in globalThis.text.

import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";

const registry = new RpcMetricsRegistry();
const echo = registry.forService("echo");

const call = echo.startCall();
const handler = echo.startHandler();
call.record(CallOutcome.Timeout);
call[Symbol.dispose]();
handler[Symbol.dispose]();

const { callsTotal, errorsTimeout, inFlight, handlerInFlight } = registry.snapshot().get("echo");
globalThis.text = registry.snapshot().prometheusText();
globalThis.measured = { callsTotal, errorsTimeout, inFlight, handlerInFlight };
