// The calling side of tRPC: a link.

import type { TRPCClientError, TRPCLink } from "@trpc/client";
import type { AnyTRPCRouter } from "@trpc/server";
import { observable, type Unsubscribable } from "@trpc/server/observable";
import { checkedOptions } from "../../model/options.js";
import type { InstrumentedRegistry } from "../counters.js";
import { MadeCall } from "./made-call.js";
import { countersOfProcedures, TRPC_CHECKS, type TrpcOptions } from "./procedures.js";

/** Options of {@link metricsLink}. */
export type TrpcLinkOptions<Router extends AnyTRPCRouter = AnyTRPCRouter> = TrpcOptions<TRPCClientError<Router>>;

/**
 * Returns a link that counts all calls of a client: queries, mutations and subscriptions, each call of a batch by itself.
 *
 * Put it first in the list: then the attempts of a `retryLink` count as one call. A subscription is one call, however
 * often it reconnects, and so is a query that answers with a generator, until its end.
 *
 * A call that its caller aborts, or a subscription or generator that it leaves, never resolved: it counts neither a
 * status nor an outcome. A call that is aborted by `AbortSignal.timeout()` counts as `deadline_exceeded`.
 *
 * @throws TypeError if `registry` is no registry, and for a bad or unknown option.
 *
 * @example
 * const client = createTRPCClient<AppRouter>({ links: [metricsLink(registry), httpBatchLink({ url })] });
 */
export function metricsLink<Router extends AnyTRPCRouter>(
  registry: InstrumentedRegistry,
  options: TrpcLinkOptions<Router> = {},
): TRPCLink<Router> {
  const checked: TrpcLinkOptions<Router> = checkedOptions(options, TRPC_CHECKS);
  const countersOf = countersOfProcedures(registry, checked);
  return () =>
    ({ op, next }) => {
      const counters = countersOf(op);
      if (counters === undefined) return next(op);
      // Not before: a link outside this one may make a call that it never starts.
      return observable((observer) => {
        const call = new MadeCall(counters.startCall(), op, checked.status);
        let inner: Unsubscribable;
        try {
          inner = next(op).subscribe({
            next: (envelope) => observer.next(call.onResult(envelope)),
            error(error) {
              call.onFailure(error);
              observer.error(error);
            },
            complete() {
              call.onComplete();
              observer.complete();
            },
          });
        } catch (error) {
          call.onFailure(error); // another link threw
          throw error;
        }
        return () => {
          call.onTeardown();
          inner.unsubscribe();
        };
      });
    };
}
