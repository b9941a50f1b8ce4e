// A server of Hono and fetch as its client in one process, measured in the way that is asked for.

import { once } from "node:events";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { measuredFetch } from "../../dist/fetch.js";
import { metricsMiddleware } from "../../dist/hono.js";
import { measurements } from "./measurements.js";

const ROUTE = "/items/:id";
const SERVICE = `GET ${ROUTE}`;
const BODY = "a message of some forty bytes, as many are";

const MEASURED = measurements(SERVICE, "empty middleware and wrapper", hooksOf, (registry) => ({
  client: measuredFetch(registry, { service: SERVICE }),
  server: metricsMiddleware(registry),
}));

export const VARIANTS = Object.keys(MEASURED);

/** The least that a measuring middleware, and a wrapper of fetch, consist of. */
function hooksOf({ client, server }) {
  return {
    async client(input, init) {
      const end = client(SERVICE);
      const response = await fetch(input, init);
      end(response.status);
      return response;
    },
    async server(context, next) {
      const end = server(SERVICE);
      await next();
      end(context.res.status);
    },
  };
}

/** `call()` makes a call; `counts()` are those of both sides, where they can be read. */
export async function start(variant) {
  const { client = fetch, server, counts } = MEASURED[variant]();
  const app = new Hono();
  if (server) app.use(server);
  app.get(ROUTE, (context) => context.text(BODY));
  const listening = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
  await once(listening, "listening");
  const url = `http://127.0.0.1:${listening.address().port}/items/7`;
  const call = async () => (await client(url)).text();
  return { call, counts };
}
