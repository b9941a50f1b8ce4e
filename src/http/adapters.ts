// One implementation behind two kinds of server: those that speak fetch, and node:http with what is built on it.

import type { Source } from "./shared-body.js";

/** A request as both kinds have it. */
export interface Exchange {
  readonly method: string;
  /** Path and query, or a whole URL. */
  readonly url: string;
  /** The value of a header; several of one name are joined by commas. `name` in lower case. */
  header(name: string): string | undefined;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** A source is asked as fast as the client reads, and told when the client has all or goes away. */
  readonly body?: string | Body;
}

/** A body in the making. */
export interface Body extends Source {
  /** Set by the adapter: cuts the answer short, so that its client can't take a part for the whole. */
  cut?: () => void;
}

/** Answers a request. May reject only for what is a bug. */
export type Responder = (exchange: Exchange) => Promise<Reply>;

/** What is used of node:http's IncomingMessage, and of those of HTTP/2, Express and Fastify's `request.raw`. */
export interface NodeRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** What is used of node:http's ServerResponse, and of those of HTTP/2, Express and Fastify's `reply.raw`. */
export interface NodeResponse {
  writeHead(status: number, headers: Record<string, string>): unknown;
  write(chunk: Uint8Array): boolean;
  end(): unknown;
  end(text: string): unknown;
  destroy(error?: Error): unknown;
  once(event: "close" | "drain", listener: () => void): unknown;
}

export function fetchHandler(respond: Responder): (request: Request) => Promise<Response> {
  return async (request) => {
    const { method, url, headers } = request;
    const reply = await respond({ method, url, header: (name) => headers.get(name) ?? undefined });
    const body = typeof reply.body === "object" ? streamOf(reply.body) : reply.body;
    return new Response(body, { status: reply.status, headers: reply.headers });
  };
}

function streamOf(body: Body): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream(
    {
      start(controller) {
        body.cut = () => controller.error(new Error("the time is up"));
      },
      async pull(controller) {
        const { done, value } = await body.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel() {
        body.return();
      },
    },
    { highWaterMark: 0 }, // nothing is made before the client wants it
  );
}

export function nodeListener(respond: Responder): (request: NodeRequest, response: NodeResponse) => void {
  return ({ method = "GET", url = "/", headers }, response) => {
    const client: Client = { isGone: false, goOn() {} };
    response.once("close", () => {
      client.isGone = true;
      client.goOn();
    });
    respond({ method, url, header: (name) => headers[name]?.toString() })
      .then((reply) => send(reply, response, client))
      .catch(() => response.destroy()); // cut short, so that the client can't take a part for the whole
  };
}

/** Who reads a response, from before the answer is known: HTTP/2 tells of its going once, and has no `destroyed`. */
interface Client {
  isGone: boolean;
  /** Called when it is gone. */
  goOn(): void;
}

async function send({ status, headers, body }: Reply, response: NodeResponse, client: Client): Promise<void> {
  try {
    response.writeHead(status, headers);
    if (typeof body !== "object") {
      response.end(body as string); // without one it ends, too
      return;
    }
    body.cut = () => response.destroy();
    while (!client.isGone) {
      const { done, value } = await body.next();
      if (done) {
        response.end();
        return;
      }
      if (!client.isGone && !response.write(value))
        await new Promise<void>((resolve) => {
          client.goOn = resolve;
          response.once("drain", resolve);
        });
    }
  } finally {
    if (typeof body === "object") body.return();
  }
}
