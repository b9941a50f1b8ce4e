// A Node server's use of the library: Node's types, no DOM.

import { createServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import {
  CallOutcome,
  DEFAULT_LATENCY_BUCKETS_SECS,
  escapeLabel,
  MAX_TRACKED_SERVICES,
  OVERFLOW_SERVICE_LABEL,
  type RegistryOptions,
  RPC_STATUSES,
  RpcMetricsRegistry,
  type RpcStatus,
  type ServiceCounters,
  type StatusCounts,
  statusOfError,
} from "nrpc-metrics";
import { type MetricsHandlerOptions, metricsListener } from "nrpc-metrics/http";

const options: RegistryOptions = {
  clock: () => performance.now(),
  buckets: [...DEFAULT_LATENCY_BUCKETS_SECS, 30],
  maxServices: MAX_TRACKED_SERVICES * 2,
  services: ["echo"],
  maxServiceNameBytes: 256,
  detectLeaks: true,
};
const registry = new RpcMetricsRegistry(options);
const echo: ServiceCounters = registry.forService("echo");

export async function call(send: () => Promise<string>): Promise<string> {
  const reply: string = await echo.observeCall(send, (error) =>
    error instanceof TypeError ? CallOutcome.Transport : undefined,
  );
  const length: number = echo.observeHandler(() => reply.length);
  return reply.slice(length);
}

export async function answer(id: number): Promise<string> {
  return echo.observeHandler(async (handler) => {
    if (id < 0) handler.recordStatus("not_found");
    return "Ada";
  }, statusOfError);
}

export const byStatus: Promise<number> = echo.observeCall(
  async (call) => {
    const status: RpcStatus | undefined = RPC_STATUSES[5];
    if (status) call.recordStatus(status);
    return 1;
  },
  (error) => statusOfError(error) ?? "unknown",
);

const guard = echo.startCall();
guard.record(CallOutcome.Timeout);
guard.end(CallOutcome.Ok);
const handler = echo.startHandler();
handler.threw();
handler.end();

echo.recordCall(CallOutcome.NoRoute, 5n);
echo.recordCall("not_found", 5n);
echo.add("handlerStatuses.not_found", 1);
const statuses: StatusCounts | undefined = registry.snapshot().get("echo")?.callStatuses;
console.log(statuses?.not_found);
echo.recordLatency(1.5);
echo.recordHandlerDuration(2n ** 60n);
echo.addStreamingChunksEmitted();
echo.addStreamingChunksDropped(3);
echo.addCapabilityDenied(4n);
echo.add("inFlight", -1);

createServer((_, response) => {
  const snapshot = registry.snapshot();
  const p99: number | undefined = snapshot.get(OVERFLOW_SERVICE_LABEL)?.latencyQuantile(0.99);
  const names: string[] = snapshot.services.map(({ service }) => escapeLabel(service));
  response.setHeader("x-metrics", `${p99} ${names} ${registry.size} ${registry.overflowLookups}`);
  response.end(snapshot.prometheusBytes());
});

const endpoint: MetricsHandlerOptions = { prefix: "shop", labels: { region: "eu" }, created: true, gzip: false };
createServer(metricsListener(registry, endpoint)).listen(9464, "127.0.0.1");
createHttp2Server(metricsListener(registry)).listen(9465, "127.0.0.1");
