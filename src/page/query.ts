// Parses what a request asks for.

import { invalid } from "../model/errors.js";
import type { PageWindow } from "./page-data.js";

/** More than the rows that fit on a large screen. */
const MAX_DETAILS = 200;

export interface Query {
  readonly format: "html" | "json";
  readonly window: PageWindow;
  /** Names of services to include in detail. */
  readonly services: readonly string[];
}

/**
 * Ignores unknown parameters: they may be for something in front of the page, such as a token.
 *
 * @throws TypeError or RangeError for an invalid value.
 */
export function parseQuery(url: string): Query {
  const [, query = ""] = /\?([^#]*)/.exec(url) ?? [];
  const parameters = new URLSearchParams(query);
  const services = parameters.getAll("service");
  if (services.length > MAX_DETAILS) throw invalid("service", `given at most ${MAX_DETAILS} times`, services.length);
  return {
    format: oneOf(parameters, "format", ["html", "json"]),
    window: oneOf(parameters, "window", ["minute", "hour", "start"]),
    services,
  };
}

/** The last of several values wins; the first of `choices` is the default. */
function oneOf<Choice extends string>(
  parameters: URLSearchParams,
  name: string,
  choices: [Choice, ...Choice[]],
): Choice {
  const value = parameters.getAll(name).pop() ?? choices[0];
  if (!(choices as string[]).includes(value)) throw invalid(name, `one of ${choices.join(", ")}`, value);
  return value as Choice;
}
