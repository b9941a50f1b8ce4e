// A server and a client of tRPC in one process, measured in the way that is asked for.

import { once } from "node:events";
import { createTRPCClient, httpLink } from "@trpc/client";
import { initTRPC } from "@trpc/server";
import { createHTTPServer } from "@trpc/server/adapters/standalone";
import { observable } from "@trpc/server/observable";
import { metricsLink, metricsMiddleware } from "../../dist/trpc.js";
import { measurements } from "./measurements.js";

const INPUT = "a message of some forty bytes, as many are";

const MEASURED = measurements("items.get", "empty link and middleware", hooksOf, (registry) => ({
  client: [metricsLink(registry)],
  server: metricsMiddleware(registry),
}));

export const VARIANTS = Object.keys(MEASURED);

/** The least that a measuring link and middleware consist of. */
function hooksOf({ client, server }) {
  const link = () => (given) =>
    observable((observer) => {
      const end = client(given.op.path);
      return given.next(given.op).subscribe({
        next: (value) => observer.next(value),
        error(error) {
          end(error.data?.code);
          observer.error(error);
        },
        complete() {
          end("ok");
          observer.complete();
        },
      });
    });
  const middleware = async ({ path, next }) => {
    const end = server(path);
    const result = await next();
    end(result.ok ? "ok" : result.error.code);
    return result;
  };
  return { client: [link], server: middleware };
}

/** `call()` makes a call; `counts()` are those of both sides, where they can be read. */
export async function start(variant) {
  const { client = [], server, counts } = MEASURED[variant]();
  const t = initTRPC.create();
  const procedure = server ? t.procedure.use(server) : t.procedure;
  const get = procedure.input((value) => value).query(({ input }) => input);
  const listening = createHTTPServer({ router: t.router({ items: t.router({ get }) }) });
  listening.listen(0, "127.0.0.1");
  await once(listening, "listening");
  const url = `http://127.0.0.1:${listening.address().port}`;
  const api = createTRPCClient({ links: [...client, httpLink({ url })] });
  return { call: () => api.items.get.query(INPUT), counts };
}
