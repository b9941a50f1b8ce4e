// What console.log and JSON.stringify show for the objects that users hold: names and counts instead of addresses and
// instances.
//
// Node and Bun call a method under the first symbol, Deno one under the second. Browsers' devtools have no such hook,
// so a service's first property is its name.

import { printableLines } from "../model/errors.js";

type Inspect = (value: unknown, options: unknown) => string;

const NODE = Symbol.for("nodejs.util.inspect.custom");
const DENO = Symbol.for("Deno.customInspect");

/**
 * Makes instances of `Class` show as `name`, or as the name of their subclass, and what `describe` returns. Nothing that
 * goes wrong in there reaches whoever logs: then only the name is shown.
 *
 * @param name given, because minifiers rename classes.
 */
export function inspectAs<Instance extends object>(
  Class: { readonly prototype: Instance },
  name: string,
  describe: (instance: Instance) => object,
): void {
  const show = (instance: Instance, depth: unknown, options: object, inspect: Inspect) => {
    let shownName = name;
    try {
      if (instance.constructor !== Class) shownName = instance.constructor.name || name;
      if (typeof depth === "number" && depth < 0) return `[${shownName}]`;
      return `${shownName} ${printableLines(inspect(describe(instance), { ...options, depth }))}`;
    } catch {
      return shownName;
    }
  };
  const define = (symbol: symbol, value: unknown) =>
    Object.defineProperty(Class.prototype, symbol, { value, configurable: true });
  define(NODE, function (this: Instance, depth: unknown, options: object, inspect: Inspect) {
    return show(this, depth, options, inspect);
  });
  define(DENO, function (this: Instance, inspect: Inspect, options: { readonly depth?: unknown }) {
    return show(this, options.depth, options, inspect);
  });
}

/** The same, and makes what `describe` returns their JSON, for classes whose own properties are of no use to others. */
export function describeAs<Instance extends object>(
  Class: { readonly prototype: Instance },
  name: string,
  describe: (instance: Instance) => object,
): void {
  inspectAs(Class, name, describe);
  function toJSON(this: Instance): object {
    return describe(this);
  }
  Object.defineProperty(Class.prototype, "toJSON", { value: toJSON, writable: true, configurable: true });
}
