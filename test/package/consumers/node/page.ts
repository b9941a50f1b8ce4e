// The live page in a Node server: Node's types, no DOM.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { RpcMetricsRegistry } from "nrpc-metrics";
import {
  type PageData,
  type PageDetail,
  type PageListener,
  type PageListenerOptions,
  type PageRow,
  type PageWindow,
  pageHandler,
  pageListener,
} from "nrpc-metrics/page";

const registry = new RpcMetricsRegistry();
const options: PageListenerOptions<IncomingMessage, ServerResponse> = {
  nonce: (request, response) => `${request.socket.remotePort}${response.getHeader("x-nonce")}`,
};
const page: PageListener = pageListener(registry);
createServer(page).listen(9465, "127.0.0.1");
createServer(pageListener(registry, options)).listen(9466, "127.0.0.1");
page.close();

const handler = pageHandler(registry, { nonce: (request) => request.headers.get("x-nonce") ?? "" });

export async function errorsOf(service: string, window: PageWindow): Promise<number | undefined> {
  const response = await handler(new Request(`http://localhost/?format=json&window=${window}`));
  const data = (await response.json()) as PageData;
  const row: PageRow | undefined = data.rows.find(([name]) => name === service);
  const detail: PageDetail | undefined = data.details[0];
  return row && (row[2] + row[3] + row[4] + row[5]) / data.spanSeconds + (detail?.latency[0] ?? 0);
}
