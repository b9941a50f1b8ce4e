// Makes objects end by themselves at the end of a `using` block, also where the runtime has no Symbol.dispose.
//
// Compiled to older JavaScript, a `using` block asks for `Symbol.dispose`, or, where that is missing, for what
// `Symbol.for("Symbol.dispose")` returns (esbuild, Babel, SWC). TypeScript expects a polyfill, which can come after this
// package has been imported: imports run first.

const COMPILED = Symbol.for("Symbol.dispose");

/**
 * Makes `end` the method that `using` calls for `target`, or for what has `target` as its prototype. To heed a polyfill,
 * call this whenever such an object is made.
 */
export function disposeBy(target: object, end: () => void): void {
  for (const symbol of [COMPILED, Symbol.dispose]) {
    // Not as computed keys, because undefined would become a property called "undefined". Never throws.
    if (symbol !== undefined)
      Reflect.defineProperty(target, symbol, { value: end, writable: true, configurable: true });
  }
}
