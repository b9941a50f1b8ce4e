// Measures all routes of a Fastify app that are added after it: measureRoutes(app, registry)
import { statusOfHttp } from "nrpc-metrics/fetch";

export function measureRoutes(app, registry) {
  const measured = new WeakMap(); // by request

  app.addHook("onRequest", (request, reply, done) => {
    const { method, url } = request.routeOptions;
    if (url === undefined) return done(); // no route: these are scanners, most of the time
    const service = registry.forService(`${method === "HEAD" ? "GET" : method} ${url}`);
    const run = { service, handler: undefined, error: undefined };
    measured.set(request, run);
    // Fastify's onResponse does not run for a client that leaves.
    reply.raw.once("close", () =>
      end(run, reply.raw.writableFinished ? statusOfHttp(reply.raw.statusCode) : "cancelled"),
    );
    done();
  });
  app.addHook("preHandler", (request, _reply, done) => {
    const run = measured.get(request);
    if (run) run.handler = run.service.startHandler();
    done();
  });
  app.addHook("onError", (request, _reply, error, done) => {
    const run = measured.get(request);
    if (run && error.statusCode === undefined) run.error = error; // those with a statusCode are answers
    done();
  });
}

function end({ service, handler, error }, status) {
  if (handler) {
    if (error && status === "internal") handler.threw(); // unless an error handler made another answer of it
    handler.recordStatus(status);
    handler.end();
  } else if (status === "unauthenticated" || status === "permission_denied") service.addCapabilityDenied();
}
