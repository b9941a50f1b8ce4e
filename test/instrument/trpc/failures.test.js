// tRPC calls that get no answer: no connection, a connection that breaks, an answer of something else.

import { createServer } from "node:http";
import { createTRPCClient, httpBatchLink, httpBatchStreamLink, httpLink } from "@trpc/client";
import { TRPCError } from "@trpc/server";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { metricsLink } from "nrpc-metrics/trpc";
import { describe, expect, onTestFinished, test } from "vitest";
import { called, counted, ran } from "../counted.js";
import { aborted, anything, ended, shop, signal, stop } from "./loopback.js";
import { freePort } from "../../support/free-port.js";

const unavailable = called("unavailable", "transport");
const TERMINATING = { http: httpLink, batch: httpBatchLink, stream: httpBatchStreamLink };

/** Something that listens on the loopback interface and is no tRPC server. */
async function impostor(listener) {
  const server = createServer(listener);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => stop(server));
  return `http://127.0.0.1:${server.address().port}`;
}

function callerOf(url, link = "http", options = {}) {
  const registry = new RpcMetricsRegistry();
  const client = createTRPCClient({ links: [metricsLink(registry), TERMINATING[link]({ url, ...options })] });
  return { client, counts: async () => (await counted(registry)).get };
}

describe.each(Object.keys(TERMINATING))("over the link %s", (link) => {
  test("a refused connection is unavailable", async () => {
    const { client, counts } = callerOf(`http://127.0.0.1:${await freePort()}`, link);
    await ended(client.get.query());
    expect(await counts()).toEqual(unavailable);
  });

  test("a name that does not resolve is unavailable", async () => {
    const { client, counts } = callerOf("http://nowhere.invalid", link);
    await ended(client.get.query());
    expect(await counts()).toEqual(unavailable);
  });

  test.each([200, 404, 429, 502, 503])(
    "a page of HTML with status %i is unavailable: no tRPC server answers it",
    async (status) => {
      const url = await impostor((_, response) => {
        response.writeHead(status, { "content-type": "text/html" }).end("<html>later</html>");
      });
      const { client, counts } = callerOf(url, link);
      expect((await ended(client.get.query())).error.name).toBe("TRPCClientError");
      expect(await counts()).toEqual(unavailable);
    },
  );

  test("a connection that is reset before the answer is unavailable", async () => {
    const url = await impostor((request) => request.socket.resetAndDestroy());
    const { client, counts } = callerOf(url, link);
    await ended(client.get.query());
    expect(await counts()).toEqual(unavailable);
  });

  test("a connection that is reset in the middle of the answer is unavailable", async () => {
    const url = await impostor((request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.write('{"result":', () => request.socket.resetAndDestroy());
    });
    const { client, counts } = callerOf(url, link);
    await ended(client.get.query());
    expect(await counts()).toEqual(unavailable);
  });

  test("a server that is killed while its procedure runs is unavailable; the run was cancelled", async () => {
    const { send, received } = signal();
    const { client, counts, server } = await shop({
      link,
      procedures: ({ open }) => ({
        get: open.query(async (opts) => {
          send();
          await aborted(opts.signal);
        }),
      }),
    });
    const call = ended(client.get.query());
    await received;
    server.closeAllConnections();
    await call;
    expect(await counts()).toEqual({ ...unavailable, ...ran("cancelled") });
  });

  test("a request that is too large is an answer, found where the input is first read: after the middleware", async () => {
    const { client, counts } = await shop({
      link,
      handler: { maxBodySize: 100 },
      procedures: ({ open }) => ({ get: open.input(anything).mutation(() => "tea") }),
    });
    expect((await ended(client.get.mutate("x".repeat(1_000)))).code).toBe("PAYLOAD_TOO_LARGE");
    expect(await counts()).toEqual({ ...called("failed_precondition", "server"), ...ran("failed_precondition") });
  });
});

test("AbortSignal.timeout() is a timeout over each link, though links make an AbortError of it", async () => {
  const url = await impostor(() => {}); // never answers
  for (const link of Object.keys(TERMINATING)) {
    const { client, counts } = callerOf(url, link);
    const { error } = await ended(client.get.query(1, { signal: AbortSignal.timeout(50) }));
    expect(error.cause.name).toBe("AbortError");
    expect(await counts()).toEqual(called("deadline_exceeded", "timeout"));
  }
});

describe("a fetch of the user's own", () => {
  test("with a time limit is a timeout", async () => {
    const url = await impostor(() => {}); // never answers
    const limited = (input, init) => fetch(input, { ...init, signal: AbortSignal.timeout(50) });
    const { client, counts } = callerOf(url, "http", { fetch: limited });
    await ended(client.get.query());
    expect(await counts()).toEqual(called("deadline_exceeded", "timeout"));
  });

  test("that is aborted by our side has not resolved", async () => {
    const url = await impostor(() => {});
    const givingUp = (input, init) => fetch(input, { ...init, signal: AbortSignal.abort() });
    const { client, counts } = callerOf(url, "http", { fetch: givingUp });
    await ended(client.get.query());
    expect(await counts()).toEqual({});
  });
});

describe("over a WebSocket", () => {
  const waiting = ({ open }) => ({ get: open.query(({ signal }) => aborted(signal)) });

  test("a connection that breaks is unavailable", async () => {
    const { send, received } = signal();
    const release = signal();
    const { client, counts, sockets } = await shop({
      link: "ws",
      procedures: ({ open }) => ({
        get: open.query(() => {
          send();
          return release.received;
        }),
      }),
    });
    const call = ended(client.get.query());
    await received;
    for (const each of sockets[0].wss.clients) each.terminate();
    await call;
    release.send();
    expect(await counts()).toEqual({ ...unavailable, ...ran("ok") });
  });

  test("a client that is closed before it is connected is unavailable", async () => {
    const { client, counts, sockets } = await shop({ link: "ws", procedures: waiting });
    const call = ended(client.get.query());
    await sockets[0].client.close();
    await call;
    expect(await counts()).toEqual(unavailable);
  });
});

// Batches that count under one of their names: brendanlong/lion-reader#1303, trpc/trpc#5852, getsentry/sentry-javascript#15407
describe.each(["batch", "stream", "ws"])("in a batch over the link %s", (link) => {
  const failing = () => {
    throw new TRPCError({ code: "CONFLICT" });
  };

  test("each call counts by itself, under its own name", async () => {
    const { client, counts } = await shop({
      link,
      procedures: ({ open }) => ({
        get: open.query(() => "tea"),
        sell: open.query(failing),
        look: open.query(() => "milk"),
      }),
    });
    await Promise.all([client.get.query(), ended(client.sell.query()), client.look.query(), client.get.query()]);
    expect(await counts("get")).toEqual({ calls: 2, statuses: { ok: 2 }, runs: 2, answers: { ok: 2 } });
    expect(await counts("look")).toEqual({ ...called("ok"), ...ran("ok") });
    expect(await counts("sell")).toEqual({ ...called("aborted", "server"), ...ran("aborted") });
  });

  test("one that is aborted does not touch the others", async () => {
    const started = signal();
    const release = signal();
    const controller = new AbortController();
    let running = 0;
    const waiting = () => {
      if (++running === 2) started.send();
      return release.received;
    };
    const { client, counts } = await shop({
      link,
      procedures: ({ open }) => ({ get: open.query(waiting), look: open.query(waiting) }),
    });
    const calls = [ended(client.get.query(1, { signal: controller.signal })), ended(client.look.query())];
    await started.received;
    controller.abort();
    release.send();
    await Promise.all(calls);
    expect(await counts("look")).toEqual({ ...called("ok"), ...ran("ok") });
    // tRPC aborts the request only with the last of its calls, so that over HTTP the caller gets its answer after all.
    expect(await counts("get")).toEqual(link === "ws" ? ran("ok") : { ...called("ok"), ...ran("ok") });
  });
});
