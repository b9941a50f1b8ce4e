// What both sides know of tRPC's procedures.

import { invalid } from "../../model/errors.js";
import type { Check } from "../../model/options.js";
import { checkedRegistry, countersByPath, type FindCounters, type InstrumentedRegistry, namedBy } from "../counters.js";
import { INSTRUMENT_CHECKS, type InstrumentOptions } from "../options.js";

/** A procedure, as tRPC describes it to links and middlewares. */
export interface TrpcProcedure {
  /** Such as `users.get`. */
  readonly path: string;
  /** What kind of procedure it is. */
  readonly type: "query" | "mutation" | "subscription";
}

/**
 * Options of both sides. By default the procedure `users.get` is the service `users.get`.
 *
 * @typeParam Failure what tRPC reports of a call that failed.
 */
export interface TrpcOptions<Failure> extends InstrumentOptions<TrpcProcedure, Failure> {
  /**
   * Prefix of the default name, for routers that would otherwise share names: with `"shop."`, `users.get` is the
   * service `shop.users.get`. Use the same on both sides. Default: an empty string.
   */
  prefix?: string;
}

const text: Check<string> = (value = "", name) => {
  if (typeof value === "string") return value;
  throw invalid(name, "a string", value, TypeError);
};

/** How both sides check {@link TrpcOptions}. */
export const TRPC_CHECKS = { ...INSTRUMENT_CHECKS, prefix: text };

/** How both sides find the counters of a procedure. */
export function countersOfProcedures<Failure>(
  registry: InstrumentedRegistry,
  { prefix = "", service }: TrpcOptions<Failure>,
): FindCounters<TrpcProcedure> {
  const defaultName = ({ path }: TrpcProcedure) => prefix + path;
  return countersByPath(checkedRegistry(registry), ({ path }) => path, namedBy(service, defaultName));
}

/**
 * Whether what a procedure returns is a generator or the like. Other iterables, such as the streams of Node and of the
 * web, can be read in more ways than one, so they are left as they are.
 */
export function isAsyncIterator(data: unknown): data is AsyncIterableIterator<unknown> {
  if (typeof data !== "object" || data === null) return false;
  const { next, [Symbol.asyncIterator]: iterator } = data as Partial<AsyncIterableIterator<unknown>>;
  return typeof next === "function" && typeof iterator === "function";
}
