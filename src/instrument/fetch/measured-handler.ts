// The serving side of fetch: handlers that return a Response, as in Workers, Deno and Bun.

import { invalid } from "../../model/errors.js";
import { type ChecksFor, checkedOptions, flag } from "../../model/options.js";
import { isThenable } from "../../registry/observe.js";
import type { InstrumentedRegistry } from "../counters.js";
import { HttpRun } from "../http-run.js";
import type { HttpFailure } from "../http-status.js";
import { INSTRUMENT_CHECKS, type InstrumentOptions } from "../options.js";
import { countersByService, nameOrNamer } from "./service.js";

/** What a handler may return. Bun's return nothing for a connection that became a WebSocket. */
export type HandlerAnswer = Response | undefined;

/**
 * Options of {@link measuredHandler}.
 *
 * @typeParam Incoming the type of requests.
 */
export interface MeasuredHandlerOptions<Incoming extends Request = Request> {
  /**
   * The service that runs are counted under, or a function that returns its name for a request, and undefined to leave
   * the request out. It is called for each request, and must return the names of routes, and never a path as it came
   * from a client: each name is a service. A request for which it throws or returns anything else is left out.
   */
  service: string | ((request: Incoming) => string | undefined);
  /**
   * Replaces the status of a run that failed: with a response of 400 or more, or by an exception. An exception that gets
   * another status than `fallback` was an answer and counts no throw. Returns undefined for a run that should count no
   * status. If it throws or returns anything else, `fallback` is counted. Default: `fallback`.
   */
  status?: InstrumentOptions<never, HttpFailure>["status"];
  /**
   * Whether a run ends with the body of its response, and not when the response is returned. The response is then
   * another one, with the same status, headers and bytes. That costs time, and in Workers the body is no longer one that
   * the runtime can send by itself; there it also needs the flag `enable_request_signal`, or a client that leaves would
   * stay in flight. Default: false.
   */
  body?: boolean;
}

const CHECKS = {
  service: nameOrNamer,
  status: INSTRUMENT_CHECKS.status,
  body: flag(false),
} satisfies ChecksFor<MeasuredHandlerOptions>;

/**
 * Returns a handler that calls `handler` with the same arguments, and counts its runs by the status of the response, see
 * {@link statusOfHttp}. A Response that is thrown is an answer, too; anything else that is thrown is a throw.
 *
 * A run ends when the response is returned, or with its body, if the option `body` is set. If the client leaves first,
 * it ends there and counts as `cancelled`, provided that the server aborts `request.signal`.
 *
 * @typeParam Incoming the type of requests.
 * @typeParam Rest the types of what the handler takes besides, as `env` and `ctx` in Workers.
 * @typeParam Answer what the handler returns, which the returned one does, too.
 * @throws TypeError if `registry` is no registry, `handler` is no function, and for a bad, missing or unknown option.
 *
 * @example
 * export default { fetch: measuredHandler(registry, handle, { service: "Shop" }) };
 */
export function measuredHandler<
  Incoming extends Request,
  Rest extends unknown[],
  Answer extends HandlerAnswer | Promise<HandlerAnswer>,
>(
  registry: InstrumentedRegistry,
  handler: (request: Incoming, ...rest: Rest) => Answer,
  options: MeasuredHandlerOptions<Incoming>,
): (request: Incoming, ...rest: Rest) => Answer {
  if (typeof handler !== "function") throw invalid("handler", "a function", handler, TypeError);
  const { service, status, body }: MeasuredHandlerOptions<Incoming> = checkedOptions(options, CHECKS);
  const countersOf = countersByService(registry, service);

  return function measured(this: unknown, request, ...rest) {
    const counters = countersOf(request);
    if (counters === undefined) return handler.call(this, request, ...rest);
    const run = new HttpRun(counters, request, status);
    const onAnswer = <Given extends HandlerAnswer>(response: Given): Given => {
      if (response && body && request.method !== "HEAD") return run.endWithBody(response) as Given;
      run.endAnswered(response); // nobody reads the body of an answer to HEAD
      return response;
    };
    const onError = (error: unknown): never => {
      if (error instanceof Response) run.endAnswered(error);
      else run.endThrown(error);
      throw error;
    };
    let answer: Answer;
    try {
      answer = handler.call(this, request, ...rest);
    } catch (error) {
      return onError(error);
    }
    return (isThenable(answer) ? answer.then(onAnswer as never, onError) : onAnswer(answer)) as Answer;
  };
}
