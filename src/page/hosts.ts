// Which hosts the page answers for. A web site can point its own name at an address of the victim's network (DNS
// rebinding): the victim's browser then takes the page for a part of that site, and lets its scripts read it. Only the
// name gives it away.

import { invalid } from "../model/errors.js";
import type { Check } from "../model/options.js";
import { inWorkers } from "../runtime/workers.js";

/** Undefined for all hosts. */
export type AllowedHosts = readonly string[] | undefined;

const EXPECTED = 'host names without a port, such as "admin.example.com", ".example.com" or "*" for any';

export const allowedHosts: Check<AllowedHosts> = (value = [], option) => {
  if (!Array.isArray(value)) throw invalid(option, `an array of ${EXPECTED}`, value, TypeError);
  const names = [...value].map((name: unknown) => {
    if (typeof name === "string" && /^(\*|\.?[^\s.:/*]+(\.[^\s.:/*]+)*)$/.test(name)) return name.toLowerCase();
    throw invalid(option, EXPECTED, name, TypeError);
  });
  // Cloudflare hands a Worker only requests for hosts that its owner has routed to it.
  return inWorkers || names.includes("*") ? undefined : names;
};

/** A site can't make a browser send one of these: loopback names, and addresses, which are no names of anybody's. */
const HARMLESS = /^([^:]+\.)?localhost$|^\d+\.\d+\.\d+\.\d+$|^\[[\da-f:.]+\]$/;

/** @param host of the request, with or without a port; undefined where it has none, which no browser sends. */
export function isAllowedHost(host: string | undefined, allowed: AllowedHosts): boolean {
  if (allowed === undefined || host === undefined) return true;
  const name = host.toLowerCase().replace(/:\d*$/, "").replace(/\.$/, "");
  if (HARMLESS.test(name)) return true;
  return allowed.some(
    (each) => name === each || (each.startsWith(".") && (name.endsWith(each) || name === each.slice(1))),
  );
}
