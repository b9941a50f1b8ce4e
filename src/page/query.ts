// What a request asks for.

import { invalid } from "../errors.js";
import type { PageWindow } from "./data.js";

/** The rows that fit on a large screen, and then some. */
const MAX_DETAILS = 200;

export interface Query {
  readonly format: "html" | "json";
  readonly window: PageWindow;
  /** Names of services to tell in detail. */
  readonly services: readonly string[];
}

/**
 * Parameters of other names are not for us: they may be for what stands before the page, such as a token.
 *
 * @throws TypeError or RangeError for a value that can't be.
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

/** Of several values the last counts; the first of `choices` is the default. */
function oneOf<Choice extends string>(
  parameters: URLSearchParams,
  name: string,
  choices: [Choice, ...Choice[]],
): Choice {
  const value = parameters.getAll(name).pop() ?? choices[0];
  if (!(choices as string[]).includes(value)) throw invalid(name, `one of ${choices.join(", ")}`, value);
  return value as Choice;
}
