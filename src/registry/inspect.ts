// What console.log shows for the objects that users hold: names and counts instead of addresses and instances.
//
// Node and Bun call a method under the first symbol, Deno one under the second. Browsers' devtools have no such hook,
// so a service's first property is its name.

type Inspect = (value: unknown, options: unknown) => string;

const NODE = Symbol.for("nodejs.util.inspect.custom");
const DENO = Symbol.for("Deno.customInspect");

/**
 * Makes instances of `Class` show as its name and what `describe` returns.
 *
 * @param describe may throw, as for a registry that was detached; then only the name of the class is shown.
 */
export function inspectAs<Instance extends object>(
  Class: { readonly prototype: Instance; readonly name: string },
  describe: (instance: Instance) => object,
): void {
  const show = (instance: Instance, options: unknown, inspect: Inspect) => {
    const { name } = instance.constructor;
    try {
      return `${name} ${inspect(describe(instance), options)}`;
    } catch {
      return name;
    }
  };
  const define = (symbol: symbol, value: unknown) => Object.defineProperty(Class.prototype, symbol, { value });
  define(NODE, function (this: Instance, depth: number | null, options: object, inspect: Inspect) {
    return show(this, { ...options, depth }, inspect);
  });
  define(DENO, function (this: Instance, inspect: Inspect, options: object) {
    return show(this, options, inspect);
  });
}
