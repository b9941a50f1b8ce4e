// What the checks of options accept, and what their messages say.

import { expect, test } from "vitest";
import { checkedOptions, flag, func, optional, whole } from "../../src/model/options.ts";

const CHECKS = { module: optional(func("a function that returns a module")), maxCount: whole(3), quiet: flag(false) };
const check = (options) => () => checkedOptions(options, CHECKS);

test("options that are left out or undefined have their defaults, and others are kept", () => {
  const module = () => {};
  expect(check({ maxCount: undefined })()).toEqual({ module: undefined, maxCount: 3, quiet: false });
  expect(check({ module, maxCount: 1, quiet: true })()).toEqual({ module, maxCount: 1, quiet: true });
});

test.each([
  [{ module: 1 }, new TypeError("module must be a function that returns a module, got 1")],
  [{ module: {} }, new TypeError("module must be a function that returns a module, got [object]")],
  [{ maxCount: 0 }, new RangeError("maxCount must be a whole number >= 1, got 0")],
  [{ quiet: 1 }, new TypeError("quiet must be true or false, got 1")],
  [[], new TypeError("options must be an object, got [object]")],
])("%j is refused", (options, error) => expect(check(options)).toThrow(error));

test.each([
  ["Module", "module"],
  ["modul", "module"],
  ["modulexx", "module"],
  ["modulxx", "module"],
  ["xxmodule", "module"],
  ["maxcuont", "maxCount"],
])("%s is refused with a hint at %s, which shares more than half of its letters", (name, hint) => {
  expect(check({ [name]: 1 })).toThrow(new TypeError(`"${name}" is not an option (got 1): did you mean "${hint}"?`));
});

test.each(["modxyz", "modulexxx", "xxxmodule", "x"])(
  "%s is refused with a list, as it looks like no option",
  (name) => {
    const message = `"${name}" is not an option (got 1): the options are module, maxCount, quiet`;
    expect(check({ [name]: 1 })).toThrow(new TypeError(message));
  },
);
