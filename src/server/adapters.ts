// Runs one responder on both kinds of server: fetch-based ones, and node:http with everything that is built on it.

import { inWorkers } from "../runtime/workers.js";
import type { Body, Chunk } from "./body.js";

/** What a responder sees of a request, the same for both kinds of server. */
export interface Exchange {
  readonly method: string;
  /** Path and query, or a whole URL. */
  readonly url: string;
  /** The host that the client asked for, with a port or without; undefined if it named none. */
  readonly host: string | undefined;
  /** The address that the request came from, such as a proxy's; undefined where servers don't say. */
  readonly address: string | undefined;
  /** The value of a header; several values are joined by commas. `name` is in lower case. */
  header(name: string): string | undefined;
  /**
   * Has `listener` called when the client goes away before it has the whole response, at once if it has done so. Replaces
   * an earlier listener.
   */
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
  /** The connection, where the server says it. */
  readonly socket?: {
    /** Whether it is closed. */
    readonly destroyed?: boolean;
    /** The client's address, or its proxy's. */
    readonly remoteAddress?: string | undefined;
  } | null;
  /** Adds a listener of the end of the request. */
  once?(event: "close", listener: () => void): unknown;
}

/** The part that is used of responses in node:http, node:http2 and Express, and of Fastify's `reply.raw`. */
export interface NodeResponse {
  /** Whether the response has ended, in node:http. */
  readonly destroyed?: boolean;
  /** Whether the connection of the response was closed, in node:http. */
  readonly closed?: boolean;
  /** In node:http2, what the response is sent on. */
  readonly stream?: {
    /** Whether it has ended. */
    readonly destroyed?: boolean;
  } | null;
  writeHead(status: number, headers: Record<string, string>): unknown;
  write(chunk: Uint8Array): boolean;
  end(): unknown;
  end(text: string): unknown;
  destroy(error?: Error): unknown;
  on(event: "drain", listener: () => void): unknown;
  once(event: "close" | "finish", listener: () => void): unknown;
}

export function fetchHandler(respond: Responder<[Request]>): (request: Request) => Promise<Response> {
  return async (request, ...others: unknown[]) => {
    if (typeof request?.headers?.get !== "function") return answerMisuse(others[0]);
    const { method, url, headers, signal } = request;
    const exchange: Exchange = {
      method,
      url,
      host: headers.get("host") ?? hostIn(url),
      address: undefined,
      header: (name) => replacedHeader(request, name) ?? headers.get(name) ?? undefined,
      onClientGone: (listener) => {
        if (signal?.aborted) listener();
        else signal?.addEventListener("abort", listener, { once: true });
      },
    };
    const reply = await respond(exchange, request);
    const { status, headers: replyHeaders, body } = withoutText(method, reply);
    return new Response(typeof body === "object" ? streamOf(body) : body, { status, headers: replyHeaders });
  };
}

function hostIn(url: string): string | undefined {
  return /^[a-z]+:\/\/([^/?#]*)/i.exec(url)?.[1];
}

/** Answers to HEAD have no body. A stream is never part of one. */
function withoutText(method: string, reply: Reply): Reply {
  const { status, headers } = reply;
  return method === "HEAD" ? { status, headers } : reply;
}

/**
 * Cloudflare asks Workers for gzip, whatever the client asked for, and keeps the client's Accept-Encoding in `cf`: ""
 * if it sent none. Such a client would get the gzip that we send.
 */
function replacedHeader(request: Request, name: string): string | undefined {
  if (name !== "accept-encoding") return undefined;
  const { cf } = request as { cf?: { clientAcceptEncoding?: unknown } | null };
  const sent = cf?.clientAcceptEncoding;
  return typeof sent === "string" ? sent : undefined;
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
        body.cut = () => breakOff(controller, new Error("the response was cut off"));
      },
      async pull(controller) {
        try {
          const { done, value } = await body.next();
          if (done) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          breakOff(controller, error);
        }
      },
      cancel() {
        body.return();
      },
    },
    { highWaterMark: 0 }, // nothing is made before the client asks for it
  );
}

/** With this line, a body is valid in none of our formats. */
const BROKEN_LINE = "\n! the response was cut off\n";

/** Ends a body so that the client can't take a part of it for the whole. */
function breakOff(controller: ReadableStreamDefaultController<Chunk>, error: unknown): void {
  if (!inWorkers) {
    controller.error(error);
    return;
  }
  // workerd sends the end of a body whose stream fails as if it were whole, so what was sent must not look whole.
  try {
    controller.enqueue(new TextEncoder().encode(BROKEN_LINE));
    controller.close();
  } catch {
    // it has ended already
  }
}

/**
 * The listener returns a promise that fulfils when the response has ended, whether all of it was sent or not, for
 * hosts that stop whatever goes on after a route has returned.
 */
export function nodeListener<Incoming extends NodeRequest, Outgoing extends NodeResponse>(
  respond: Responder<[Incoming, Outgoing]>,
): (request: Incoming, response: Outgoing) => Promise<void> {
  return (request, response) => {
    if (typeof response?.once !== "function" || typeof request?.headers !== "object")
      throw new TypeError("a listener takes node:http's request and response: in Fastify request.raw and reply.raw");
    const { method = "GET", url = "/", headers } = request;
    const client = new Client(request, response);
    if (client.isGone) return client.ended;
    const header = (name: string) => headers[name]?.toString();
    const exchange: Exchange = {
      method,
      url,
      host: header("host") ?? header(":authority"), // HTTP/2 has no Host
      address: client.address,
      header,
      onClientGone: (listener) => {
        client.onGone = listener;
      },
    };
    respond(exchange, request, response)
      .then((reply) => send(withoutText(method, reply), response, client))
      .catch(() => client.breakOff());
    return client.ended;
  };
}

/** Whether the client still reads. It may have left before the listener was called, as behind a slow middleware. */
class Client {
  isGone: boolean;
  /** Called when the client goes away. */
  onGone = () => {};
  /** Fulfils when the response has ended. */
  readonly ended: Promise<void>;
  #fulfilEnded = () => {};
  readonly #request: NodeRequest;
  readonly #response: NodeResponse;
  #isWatched = false;
  #resume = () => {};

  constructor(request: NodeRequest, response: NodeResponse) {
    this.#request = request;
    this.#response = response;
    this.isGone = Boolean(response.destroyed || response.closed || this.#isDisconnected);
    this.ended = new Promise((resolve) => {
      this.#fulfilEnded = resolve;
    });
    if (this.isGone) this.#fulfilEnded();
    response.once("finish", () => this.#fulfilEnded());
    response.once("close", () => this.#leave());
    // A response that waits for those before it on the same connection emits nothing when that is closed.
    request.once?.("close", () => {
      if (this.#isDisconnected) this.#leave();
    });
  }

  get address(): string | undefined {
    return this.#response.stream === undefined ? this.#request.socket?.remoteAddress : undefined;
  }

  /** HTTP/2 shares its socket, and throws if one looks at it too late. */
  get #isDisconnected(): boolean {
    const { stream } = this.#response;
    return Boolean(stream === undefined ? this.#request.socket?.destroyed : stream?.destroyed);
  }

  /** So that the client can't mistake a part of the body for the whole. */
  breakOff(): void {
    this.#response.destroy();
    this.#leave();
  }

  #leave(): void {
    if (this.isGone) return;
    this.isGone = true;
    this.onGone();
    this.#resume();
    this.#fulfilEnded();
  }

  /** Fulfils when the client reads again, or is gone. */
  reads(): Promise<void> {
    return new Promise((resolve) => {
      this.#resume = resolve;
      // One listener for all: under the compression middleware none can be removed.
      if (!this.#isWatched) this.#response.on("drain", () => this.#resume());
      this.#isWatched = true;
    });
  }
}

async function send({ status, headers, body }: Reply, response: NodeResponse, client: Client): Promise<void> {
  if (typeof body !== "object") {
    response.writeHead(status, headers);
    response.end(body as string); // for node:http, undefined means no body
    return;
  }
  try {
    body.cut = () => client.breakOff();
    response.writeHead(status, headers);
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
    if (!client.isGone && !response.write(value)) await client.reads();
  }
}
