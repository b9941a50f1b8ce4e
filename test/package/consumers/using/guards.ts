// Guards held by `using`.

import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";

const echo = new RpcMetricsRegistry().forService("echo");

export function serve(send: () => boolean): void {
  using handler = echo.startHandler();
  using call = echo.startCall();
  call.record(send() ? CallOutcome.Ok : CallOutcome.Transport);
  handler.threw();
}

export const disposables: Disposable[] = [echo.startCall(), echo.startHandler()];
