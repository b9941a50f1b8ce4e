// Runs one responder on both kinds of server: fetch-based ones, and node:http with everything that is built on it.

import type { Body, Chunk } from "./body.js";

/** What a responder sees of a request, the same for both kinds of server. */
export interface Exchange {
  readonly method: string;
  /** Path and query, or a whole URL. */
  readonly url: string;
  /** The value of a header; several values are joined by commas. `name` is in lower case. */
  header(name: string): string | undefined;
  /** Has `listener` called when the client goes away before it has the whole response. Replaces an earlier listener. */
  onClientGone(listener: () => void): void;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** A stream is pulled as fast as the client reads, and returned when the client has everything or goes away. */
  readonly body?: string | Body;
}

/** Answers a request. Rejects only for a bug. Gets what the server passed as well. */
export type Responder<Native extends unknown[] = []> = (exchange: Exchange, ...native: Native) => Promise<Reply>;

/** The part that is used of requests in node:http, node:http2 and Express, and of Fastify's `request.raw`. */
export interface NodeRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** The part that is used of responses in node:http, node:http2 and Express, and of Fastify's `reply.raw`. */
export interface NodeResponse {
  writeHead(status: number, headers: Record<string, string>): unknown;
  write(chunk: Uint8Array): boolean;
  end(): unknown;
  end(text: string): unknown;
  destroy(error?: Error): unknown;
  once(event: "close" | "drain", listener: () => void): unknown;
}

export function plainText(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers: { "content-type": "text/plain; charset=utf-8", ...headers }, body: `${text}\n` };
}

export function notAllowed(method: string): Reply {
  return plainText(405, `${method} is not allowed`, { allow: "GET, HEAD" });
}

export function fetchHandler(respond: Responder<[Request]>): (request: Request) => Promise<Response> {
  return async (request, ...others: unknown[]) => {
    if (typeof request?.headers?.get !== "function") return answerMisuse(others[0]);
    const { method, url, headers, signal } = request;
    const exchange: Exchange = {
      method,
      url,
      header: (name) => headers.get(name) ?? undefined,
      onClientGone: (listener) => signal?.addEventListener("abort", listener, { once: true }),
    };
    const reply = await respond(exchange, request);
    const body = typeof reply.body === "object" ? streamOf(reply.body) : reply.body;
    return new Response(body, { status: reply.status, headers: reply.headers });
  };
}

/** For a handler that got something else than a Request: says so to whoever waits, rather than ending the process. */
function answerMisuse(other: unknown): Response {
  const text = "This handler takes a fetch Request: for node:http, Express and Fastify use the listener instead\n";
  const response = other as Partial<NodeResponse> | undefined;
  if (typeof response?.writeHead === "function") {
    response.writeHead(500, { "content-type": "text/plain; charset=utf-8" });
    response.end?.(text);
  }
  return new Response(text, { status: 500 });
}

function streamOf(body: Body): ReadableStream<Chunk> {
  return new ReadableStream(
    {
      start(controller) {
        body.cut = () => controller.error(new Error("the response was cut off"));
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
    { highWaterMark: 0 }, // nothing is made before the client asks for it
  );
}

export function nodeListener<Incoming extends NodeRequest, Outgoing extends NodeResponse>(
  respond: Responder<[Incoming, Outgoing]>,
): (request: Incoming, response: Outgoing) => void {
  return (request, response) => {
    if (typeof response?.once !== "function" || typeof request?.headers !== "object")
      throw new TypeError("a listener takes node:http's request and response: in Fastify request.raw and reply.raw");
    const { method = "GET", url = "/", headers } = request;
    const client = watchClient(response);
    const exchange: Exchange = {
      method,
      url,
      header: (name) => headers[name]?.toString(),
      onClientGone: (listener) => {
        client.onGone = listener;
      },
    };
    respond(exchange, request, response)
      .then((reply) => send(reply, response, client))
      .catch(() => response.destroy()); // so that the client can't mistake a partial body for a complete one
  };
}

/** Whether the client still reads. Watched from the start, because HTTP/2 emits "close" once and has no `destroyed`. */
interface Client {
  isGone: boolean;
  /** Called when the client goes away. */
  onGone(): void;
}

function watchClient(response: NodeResponse): Client {
  const client: Client = { isGone: false, onGone() {} };
  response.once("close", () => {
    client.isGone = true;
    client.onGone();
  });
  return client;
}

async function send({ status, headers, body }: Reply, response: NodeResponse, client: Client): Promise<void> {
  if (typeof body !== "object") {
    response.writeHead(status, headers);
    response.end(body as string); // for node:http, undefined means no body
    return;
  }
  try {
    response.writeHead(status, headers);
    body.cut = () => response.destroy();
    await pump(body, response, client);
  } finally {
    body.return();
  }
}

/** Sends the body as fast as the client reads. */
async function pump(body: Body, response: NodeResponse, client: Client): Promise<void> {
  while (!client.isGone) {
    const { done, value } = await body.next();
    if (done) {
      response.end();
      return;
    }
    if (!client.isGone && !response.write(value)) await drained(response, client);
  }
}

function drained(response: NodeResponse, client: Client): Promise<void> {
  return new Promise((resolve) => {
    client.onGone = resolve;
    response.once("drain", resolve);
  });
}
