// One implementation behind two kinds of server: those that speak fetch, and node:http with what is built on it.

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
  /** Pulled as fast as the client reads, and given up by `return()` when the client goes away. */
  readonly body?: string | AsyncIterableIterator<Uint8Array<ArrayBuffer>>;
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
  readonly destroyed: boolean;
  writeHead(status: number, headers: Record<string, string>): unknown;
  write(chunk: Uint8Array): boolean;
  end(text?: string): unknown;
  destroy(error?: Error): unknown;
  once(event: "close" | "drain", listener: () => void): unknown;
  off(event: "close" | "drain", listener: () => void): unknown;
}

export function fetchHandler(respond: Responder): (request: Request) => Promise<Response> {
  return async (request) => {
    const { method, url, headers } = request;
    const reply = await respond({ method, url, header: (name) => headers.get(name) ?? undefined });
    const body = typeof reply.body === "object" ? streamOf(reply.body) : (reply.body ?? null);
    // `encodeBody` is for Workers, which would compress again what says that it is compressed.
    const init = { status: reply.status, headers: reply.headers, encodeBody: "manual" };
    return new Response(body, init);
  };
}

function streamOf(body: AsyncIterableIterator<Uint8Array<ArrayBuffer>>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await body.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await body.return?.();
      },
    },
    { highWaterMark: 0 }, // nothing is made before the client wants it
  );
}

export function nodeListener(respond: Responder): (request: NodeRequest, response: NodeResponse) => void {
  return ({ method = "GET", url = "/", headers }, response) => {
    const header = (name: string) => headers[name]?.toString();
    respond({ method, url, header }).then(
      (reply) => send(reply, response),
      (error) => response.destroy(error),
    );
  };
}

async function send({ status, headers, body }: Reply, response: NodeResponse): Promise<void> {
  response.writeHead(status, headers);
  if (typeof body !== "object") {
    response.end(body);
    return;
  }
  try {
    for await (const chunk of body) {
      if (response.destroyed) return;
      if (!response.write(chunk)) await drained(response);
      if (response.destroyed) return;
    }
    response.end();
  } catch {
    response.destroy(); // cut short, so that the client can't take a part for the whole
  }
}

/** Until what was written has gone out, or the client has. */
function drained(response: NodeResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.once("drain", done);
    response.once("close", done);
  });
}
