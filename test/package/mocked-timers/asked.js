// What has to be answered while timers are mocked, and after.

import { get, createServer } from "node:http";

const SERVICES = 4096; // so many that a body is written in several slices

/** `{ library, http, page }`: the package's entries. */
export function makeHandlers({ library, http, page }) {
  const services = Array.from({ length: SERVICES }, (_, i) => `service ${i}`);
  const registry = new library.RpcMetricsRegistry({ services });
  return {
    metrics: http.metricsHandler(registry),
    metricsListener: http.metricsListener(registry),
    data: page.pageHandler(registry),
    dataListener: page.pageListener(registry),
  };
}

/** Fulfils with the number of services in both answers of the fetch handlers. */
export async function askHandlers({ metrics, data }) {
  const text = await (await metrics(new Request("http://localhost/"))).text();
  const { rows } = await (await data(new Request("http://localhost/?format=json"))).json();
  return [text.match(/^nrpc_calls_total\{/gm).length, rows.length];
}

/** The same of the listeners, over HTTP. */
export async function askListeners({ metricsListener, dataListener }) {
  const text = await serveOnce(metricsListener);
  const { rows } = JSON.parse(await serveOnce(dataListener));
  return [text.match(/^nrpc_calls_total\{/gm).length, rows.length];
}

function serveOnce(listener) {
  return new Promise((resolve, reject) => {
    const server = createServer(listener).listen(0, "127.0.0.1", () => {
      get({ port: server.address().port, path: "/?format=json", agent: false }, async (response) => {
        let text = "";
        for await (const chunk of response.setEncoding("utf8")) text += chunk;
        server.closeAllConnections();
        server.close(() => resolve(text));
      }).on("error", reject);
    });
  });
}

export const ANSWERED = [SERVICES, SERVICES];
