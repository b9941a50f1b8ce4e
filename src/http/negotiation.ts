// Content negotiation: which format a client prefers, and whether it accepts gzip.

import type { Format } from "./formats.js";

/** An element of a header that lists what a client accepts. */
interface Range {
  readonly name: string;
  readonly parameters: ReadonlyMap<string, string>;
  /** From 0, which means "not acceptable", to 1. */
  readonly quality: number;
  /** Position in the header. */
  readonly index: number;
}

/** Characters of a header that are read. Prometheus sends 400; to parse 16 kB takes milliseconds. */
const MAX_LENGTH = 1000;

/** Elements with an invalid `q` are dropped. A header that is too long counts as none. */
function rangesOf(header: string): Range[] {
  if (header.length > MAX_LENGTH) return [];
  return splitOutsideQuotes(header.toLowerCase(), ",")
    .map((element, index): Range => {
      const [name = "", ...parts] = splitOutsideQuotes(element, ";");
      const parameters = new Map(parts.map(parameterOf));
      return { name: name.trim(), parameters, quality: Number(parameters.get("q") ?? 1), index };
    })
    .filter(({ name, quality }) => name && quality >= 0 && quality <= 1);
}

function parameterOf(text: string): [name: string, value: string] {
  const [name = ""] = text.split("=", 1);
  const value = text.slice(name.length + 1).trim();
  return [name.trim(), value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, "$1") : value];
}

/** A quoted string may hold the separator, and quotes after a backslash. One that never ends reaches to the end. */
function splitOutsideQuotes(text: string, separator: "," | ";"): string[] {
  const parts: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === '"') isQuoted = !isQuoted;
    else if (char === "\\" && isQuoted) i++;
    else if (char === separator && !isQuoted) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  return [...parts, text.slice(start)];
}

/** How closely a range describes a format: 0 if not at all. A range without a version accepts any. */
function specificity({ name, parameters }: Range, { type, subtype, version }: Format): number {
  const wanted = parameters.get("version");
  if (wanted !== undefined && wanted !== version) return 0;
  const byVersion = wanted === undefined ? 0 : 1;
  if (name === `${type}/${subtype}`) return 5 + byVersion;
  if (name === `${type}/*`) return 3 + byVersion;
  return name === "*/*" || name === "*" ? 1 + byVersion : 0;
}

/** The range that decides about a format: the most specific one, and among equals the first. */
function decisiveRange(ranges: readonly Range[], format: Format): Range | undefined {
  let decisive: Range | undefined;
  let greatest = 0;
  for (const range of ranges) {
    const specific = specificity(range, format);
    if (specific > greatest) [decisive, greatest] = [range, specific];
  }
  return decisive;
}

/**
 * The Content-Type and format that `accept` prefers: the one with the highest quality; among equals, the one that the
 * client names first, then the first of `formats`. If the client accepts none, also the first of `formats`, as in
 * Prometheus' own libraries. Echoes the scraper's `escaping`, because none of our names needs escaping.
 */
export function negotiate<Kind extends Format>(
  accept: string,
  formats: readonly [Kind, ...Kind[]],
): { format: Kind; contentType: string } {
  const ranges = rangesOf(accept);
  let best: { format: Kind; range: Range | undefined } = { format: formats[0], range: undefined };
  for (const format of formats) {
    const range = decisiveRange(ranges, format);
    if (range && range.quality > 0 && isBetter(range, best.range)) best = { format, range };
  }
  const escaping = best.range?.parameters.get("escaping") ?? "";
  const repeated = ESCAPINGS.has(escaping) ? `; escaping=${escaping}` : "";
  return { format: best.format, contentType: `${best.format.contentType}; charset=utf-8${repeated}` };
}

const ESCAPINGS: ReadonlySet<string> = new Set(["allow-utf-8", "underscores", "dots", "values"]);

function isBetter(range: Range, best: Range | undefined): boolean {
  if (best === undefined || range.quality !== best.quality) return range.quality > (best?.quality ?? 0);
  return range.index < best.index;
}

/** Whether Accept-Encoding accepts `gzip`, by name or else by `*`. */
export function acceptsGzip(acceptEncoding: string): boolean {
  const qualities = new Map(rangesOf(acceptEncoding).map(({ name, quality }) => [name, quality]));
  return (qualities.get("gzip") ?? qualities.get("*") ?? 0) > 0;
}
