// Line-based formats, with one sample per line: what the text format 0.0.4 and OpenMetrics have in common.
//
// A line is a template filled in with a service's name and a number. An encoder keeps the templates for a layout as
// long as the layout lives: engines tie optimised code to the shapes of objects, and drop it together with the last
// object of a shape. With new templates for each scrape, a scrape took four times as long after a few garbage
// collections.

import type { RowLayout, Rows, SnapshotService } from "../model/data.js";
import type { Family, ServiceFamily } from "../model/families.js";
import {
  bucketCount,
  bucketIndex,
  fieldIndex,
  hasRecorded,
  recordedIndices,
  rowIndex,
  sumIndex,
} from "../model/reader.js";
import type { Encoder, StandaloneSample, Slice } from "./encoder.js";
import { type Line, type Template, writeCounter, writeGauge, writeHistogram } from "./series.js";
import { LINE_FEED, NUMBER_BYTES, type Piece, piece, type TextWriter } from "./writer.js";

/** Where the formats differ. */
export interface Dialect {
  /** The lines before a family's samples. `name`: the family's, with the prefix; the header may add a suffix to it. */
  header(name: string, family: Family): string;
  escapeLabel(value: string): string;
  /** A bucket's upper bound as a label value. */
  bound(seconds: number): string;
  /** Whether counters and histograms have a sample `_created`. */
  readonly created: boolean;
  /** What follows the last family. */
  readonly trailer: string;
}

/** What users can change about the names and labels of metrics. */
export interface Naming {
  /** What the names of all metrics begin with, without the underscore that follows. */
  readonly prefix: string;
  /** The name of the label that has the name of the service. */
  readonly serviceLabel: string;
  /** Labels that are added to all samples. */
  readonly labels: Readonly<Record<string, string>>;
}

export const DEFAULT_NAMING: Naming = { prefix: "nrpc", serviceLabel: "service", labels: {} };

interface SizedTemplate extends Template {
  readonly lineCount: number;
  /** An upper bound on the bytes of its lines, without the name of the service. */
  readonly bytes: number;
}

interface FamilyTemplates {
  readonly templates: readonly SizedTemplate[];
  /** Lines per service. */
  readonly lineCount: number;
  /** An upper bound on their bytes, without the name of the service. */
  readonly bytesPerService: number;
}

function withSize(template: Template): SizedTemplate {
  const { values, sum, count, created } = template;
  const lines = [...values, sum, count, created].filter((line) => line !== undefined);
  const bytes = lines.reduce((all, { before, after }) => all + before.length + after.length + NUMBER_BYTES, 0);
  return { ...template, lineCount: lines.length, bytes };
}

function withSizes(templates: readonly Template[]): FamilyTemplates {
  const sized = templates.map(withSize);
  return {
    templates: sized,
    lineCount: sized.reduce((sum, { lineCount }) => sum + lineCount, 0),
    bytesPerService: sized.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** An upper bound on the bytes of the series in which something was recorded: often a few of many. */
function maxRecordedBytes(templates: readonly SizedTemplate[], { services, nameEnds, words }: Slice): number {
  let bytes = 0;
  let start = 0;
  for (let i = 0; i < services.length; i++) {
    const end = nameEnds[i] as number;
    const row = rowIndex(services[i] as SnapshotService);
    for (const template of templates) {
      if (hasRecorded(words, row, template.recorded)) bytes += template.lineCount * (end - start) + template.bytes;
    }
    start = end + 1;
  }
  return bytes;
}

export class LineEncoder implements Encoder {
  readonly #dialect: Dialect;
  readonly #prefix: string;
  readonly #serviceLabel: string;
  /** What follows the name of a service because of these labels, without the last closing quote: `",region="eu`. */
  readonly #nameTail: string;
  readonly #labels: string;
  readonly #headers = new Map<Family, Piece>();
  readonly #templates = new WeakMap<RowLayout, Map<ServiceFamily, FamilyTemplates>>();

  constructor(dialect: Dialect, { prefix, serviceLabel, labels }: Naming = DEFAULT_NAMING) {
    this.#dialect = dialect;
    this.#prefix = prefix;
    this.#serviceLabel = serviceLabel;
    this.#labels = labelText(dialect, labels);
    this.#nameTail = this.#labels && `",${this.#labels.slice(0, -1)}`;
  }

  slice({ words, layout }: Rows, services: readonly SnapshotService[]): Slice {
    const names = services.map(({ name }) => this.#dialect.escapeLabel(name) + this.#nameTail);
    const text = piece(names.join("\n")); // escaped names hold no line feed
    const nameEnds = new Uint32Array(services.length);
    let end = 0;
    for (let i = 0; i < services.length; i++) {
      while (end < text.length && text.view.getUint8(end) !== LINE_FEED) end++;
      nameEnds[i] = end++;
    }
    return { words, layout, services, names: text, nameEnds };
  }

  header(out: TextWriter, family: Family): void {
    let header = this.#headers.get(family);
    if (!header) {
      header = piece(this.#dialect.header(this.#name(family), family));
      this.#headers.set(family, header);
    }
    out.reserve(header.length);
    out.copyAscii(header);
  }

  series(out: TextWriter, family: ServiceFamily, slice: Slice): void {
    out.reserve(this.maxSeriesBytes(family, slice));
    const { services, names, nameEnds, words } = slice;
    const { templates } = this.#templatesOf(family, slice.layout);
    const write = family.type === "histogram" ? writeHistogram : family.type === "gauge" ? writeGauge : writeCounter;
    let start = 0;
    for (let i = 0; i < services.length; i++) {
      const service = services[i] as SnapshotService;
      const end = nameEnds[i] as number;
      const row = rowIndex(service);
      for (const template of templates) {
        if (family.isExtension && !hasRecorded(words, row, template.recorded)) continue;
        write(out, template, names, start, end, words, row, service.createdMs);
      }
      start = end + 1;
    }
  }

  maxSeriesBytes(family: ServiceFamily, slice: Slice): number {
    const { services, names, layout } = slice;
    const { lineCount, bytesPerService, templates } = this.#templatesOf(family, layout);
    if (family.isExtension) return maxRecordedBytes(templates, slice);
    return lineCount * names.length + services.length * bytesPerService;
  }

  samples(out: TextWriter, family: Family, samples: readonly StandaloneSample[]): void {
    const name = this.#name(family);
    for (const { labels = {}, value, createdMs } of samples) {
      const both = [this.#labels, labelText(this.#dialect, labels)].filter(Boolean).join();
      const line = (suffix: string, shown: number) => out.text(`${name}${suffix}${both && `{${both}}`} ${shown}\n`);
      if (typeof value === "object") {
        line("_sum", value.sum);
        line("_count", value.count);
      } else {
        line(family.type === "counter" ? "_total" : "", value);
      }
      if (this.#dialect.created && createdMs) line("_created", createdMs / 1e3);
    }
  }

  end(out: TextWriter): void {
    out.text(this.#dialect.trailer);
  }

  #name({ name }: Family): string {
    return `${this.#prefix}_${name}`;
  }

  #templatesOf(family: ServiceFamily, layout: RowLayout): FamilyTemplates {
    let byFamily = this.#templates.get(layout);
    if (!byFamily) {
      byFamily = new Map();
      this.#templates.set(layout, byFamily);
    }
    let templates = byFamily.get(family);
    if (!templates) {
      templates = withSizes(this.#makeTemplates(family, layout));
      byFamily.set(family, templates);
    }
    return templates;
  }

  #makeTemplates(family: ServiceFamily, layout: RowLayout): Template[] {
    const { type, series } = family;
    const name = this.#name(family);
    const line = (suffix: string, labels: string, low = 0): Line => ({
      before: piece(`${name}${suffix}{${this.#serviceLabel}="`),
      after: piece(`"${labels && `,${labels}`}} `),
      low,
    });
    const hasCreated = this.#dialect.created && type !== "gauge";
    const created = (labels: string) => (hasCreated ? line("_created", labels) : undefined);
    if (type === "histogram") {
      return series.map(({ field }) => ({
        recorded: recordedIndices(layout, field),
        values: this.#bucketLabels(layout).map((label, i) => line("_bucket", label, bucketIndex(layout, field, i))),
        sum: line("_sum", "", sumIndex(layout, field)),
        count: line("_count", ""),
        created: created(""),
      }));
    }
    return series.map(({ field, labels = {} }) => {
      const text = labelText(this.#dialect, labels);
      return {
        recorded: recordedIndices(layout, field),
        values: [line(type === "counter" ? "_total" : "", text, fieldIndex(layout, field))],
        sum: undefined,
        count: undefined,
        created: created(text),
      };
    });
  }

  #bucketLabels(layout: RowLayout): string[] {
    return Array.from({ length: bucketCount(layout) }, (_, bucket) => {
      const bound = layout.bounds[bucket];
      return `le="${bound === undefined ? "+Inf" : this.#dialect.bound(bound)}"`;
    });
  }
}

/** Labels as written between braces: `region="eu",zone="a"`. */
function labelText({ escapeLabel }: Dialect, labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeLabel(value)}"`)
    .join();
}
