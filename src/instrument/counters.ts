// How adapters find the counters of what is called.

import { invalid } from "../model/errors.js";
import type { ServiceCounters } from "../registry/service.js";

/** A registry that adapters can count in: an `RpcMetricsRegistry` or a shared one. */
export interface InstrumentedRegistry {
  /** The counters of a service. */
  forService(name: string): ServiceCounters;
}

/** Returns the registry, or throws a TypeError for what is none. */
export function checkedRegistry(registry: InstrumentedRegistry): InstrumentedRegistry {
  if (typeof (registry as Partial<InstrumentedRegistry> | null | undefined)?.forService === "function") return registry;
  throw invalid("registry", "an RpcMetricsRegistry", registry, TypeError);
}

/** The counters for what is called, or undefined if its calls are left out. Never throws. */
export type FindCounters<Called> = (called: Called) => ServiceCounters | undefined;

/** More paths than any service definition has. Paths that a gateway passes on can be anything. */
const MAX_KNOWN_PATHS = 4_096;

/**
 * Finds counters by a path. Remembers them, because to build a name and look it up takes several times as long as to
 * look up a path that the stack itself keeps.
 */
export function countersByPath<Called>(
  registry: InstrumentedRegistry,
  pathOf: (called: Called) => string,
  nameOf: (called: Called) => string | undefined,
): FindCounters<Called> {
  const known = new Map<string, ServiceCounters | undefined>();
  return (called) => {
    const path = pathOf(called);
    const counters = known.get(path);
    if (counters !== undefined || known.has(path)) return counters;
    const found = lookUp(registry, nameOf(called));
    if (known.size < MAX_KNOWN_PATHS) known.set(path, found);
    return found;
  };
}

/** Finds counters by an object that describes a method, and which lives as long as the service. */
export function countersByMethod<Method extends object>(
  registry: InstrumentedRegistry,
  nameOf: (method: Method) => string | undefined,
): FindCounters<Method> {
  const known = new WeakMap<Method, ServiceCounters | undefined>();
  return (method) => {
    const counters = known.get(method);
    if (counters !== undefined || known.has(method)) return counters;
    const found = lookUp(registry, nameOf(method));
    known.set(method, found);
    return found;
  };
}

function lookUp(registry: InstrumentedRegistry, name: string | undefined): ServiceCounters | undefined {
  return name === undefined ? undefined : registry.forService(name);
}

/**
 * The name that the option `service` gives, or the default: `service` is the user's code, which runs inside a request,
 * so a call whose name it fails to find is counted under the default.
 */
export function namedBy<Called>(
  service: ((called: Called) => string | undefined) | undefined,
  defaultName: (called: Called) => string,
): (called: Called) => string | undefined {
  if (service === undefined) return defaultName;
  return (called) => {
    try {
      const name = service(called);
      if (name === undefined || typeof name === "string") return name;
    } catch {}
    return defaultName(called);
  };
}
