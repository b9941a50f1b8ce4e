// What a scraper accepts: the format, by its header Accept, and whether the body may be compressed.

export interface Format {
  readonly openMetrics: boolean;
  readonly contentType: string;
}

const TEXT = "text/plain; version=0.0.4";

/** An element of a header that lists what is accepted. */
interface Range {
  readonly name: string;
  parameter(name: string): string | undefined;
  /** From 0, which is never, to 1. */
  readonly quality: number;
}

/** In the order of preference. Of a broken quality it is as if the element were not there. */
function rangesOf(header: string): Range[] {
  const ranges = header
    .toLowerCase()
    .split(",")
    .map((element) => {
      const [name = "", ...parameters] = element.split(";").map((part) => part.trim());
      const parameter = (wanted: string) =>
        parameters
          .find((each) => each.startsWith(`${wanted}=`))
          ?.slice(wanted.length + 1)
          .replaceAll('"', "");
      return { name, parameter, quality: Number(parameter("q") ?? 1) };
    });
  return ranges.filter(({ quality }) => quality >= 0 && quality <= 1).sort((a, b) => b.quality - a.quality);
}

/**
 * The format that is wanted most of those that there are: text 0.0.4, and OpenMetrics 1.0.0 and 0.0.1, which here differ
 * in no more than their name. Text for who accepts none of them, as in Prometheus' own libraries. What a scraper says of
 * `escaping` is repeated, for no name of ours has anything to escape.
 */
export function formatFor(accept: string): Format {
  for (const { name, parameter, quality } of rangesOf(accept)) {
    if (!quality) break;
    const version = parameter("version");
    const [escaping = ""] = parameter("escaping")?.match(/^(allow-utf-8|underscores|dots|values)$/) ?? [];
    const end = `; charset=utf-8${escaping && `; escaping=${escaping}`}`;
    if (/^(text\/plain|(text|\*)\/\*) 0\.0\.4$/.test(`${name} ${version ?? "0.0.4"}`))
      return { openMetrics: false, contentType: TEXT + end };
    if (/^application\/(openmetrics-text|\*) (1\.0\.0|0\.0\.1)$/.test(`${name} ${version ?? "1.0.0"}`))
      return { openMetrics: true, contentType: `application/openmetrics-text; version=${version ?? "1.0.0"}${end}` };
  }
  return { openMetrics: false, contentType: `${TEXT}; charset=utf-8` };
}

/** `gzip` as it is named in Accept-Encoding, else as all that is not named. */
export function acceptsGzip(acceptEncoding: string): boolean {
  const named = new Map(rangesOf(acceptEncoding).map(({ name, quality }) => [name, quality]));
  return (named.get("gzip") ?? named.get("*") ?? 0) > 0;
}
