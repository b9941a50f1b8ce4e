// A snapshot as text: in the Prometheus text exposition format 0.0.4, and in OpenMetrics 1.0.

import type { RowLayout } from "../core/layout.js";
import type { SnapshotData } from "../snapshot.js";
import { LOW_END, wordIndex } from "../words.js";
import { canonical, decimal } from "./decimal.js";
import { FAMILIES, type Family } from "./families.js";
import { escapeLabel } from "./label.js";
import { LINE_FEED, NUMBER_BYTES, type Piece, piece, TextWriter } from "./writer.js";

/**
 * What a line shows: its word, that or 0 if it is negative, the total with it, the total, it as seconds; or not a
 * word, but when the service appeared.
 */
const COUNTER = 0;
const GAUGE = 1;
const BUCKET = 2;
const COUNT = 3;
const SUM = 4;
const CREATED = 5;

/** A line that each service has: what stands around its name, and the word of its row that it shows. */
interface Line {
  readonly before: Piece;
  readonly after: Piece;
  /** Index of the word's low half in a row. */
  readonly low: number;
  readonly shows: number;
}

/** A family ready to be written: its header, then its lines for each service. */
interface Block {
  readonly header: string;
  readonly lines: readonly Line[];
}

/** How a snapshot is written. */
export interface TextStyle {
  /** What the names of all metrics begin with. */
  readonly namePrefix: string;
  /** Constant labels, escaped, as they stand between the name of a service and the quote behind it: `",zone="a`. */
  readonly fixedLabels: string;
  readonly openMetrics: boolean;
  /** Whether to tell when each service appeared, for OpenMetrics. */
  readonly withCreated: boolean;
  /** Of rows of `layout`; see {@link blocksOf}. */
  blocks?: readonly Block[];
  layout?: RowLayout;
}

export const PROMETHEUS: TextStyle = { namePrefix: "nrpc", fixedLabels: "", openMetrics: false, withCreated: false };
export const OPEN_METRICS: TextStyle = { ...PROMETHEUS, openMetrics: true };
export const OPEN_METRICS_CREATED: TextStyle = { ...OPEN_METRICS, withCreated: true };

// This writer and the styles' blocks live on between scrapes. Engines tie optimised code to the shapes of objects
// and throw both away when no object of a shape is left: made anew for each scrape, they cost every scrape that
// follows a few garbage collections four times its time.
const writer = new TextWriter();

/** What of a snapshot to write: by default all services and all families. */
export interface Part extends SnapshotData {
  /** Index of the first family, by default the first of all. */
  readonly firstFamily?: number;
  /** Index behind the last family, by default behind the last of all. */
  readonly familiesEnd?: number;
}

/** The text of a part of a snapshot, and `end` behind it. */
export function textOf(
  { services, words, layout, firstFamily, familiesEnd }: Part,
  style: TextStyle,
  end = "",
): Uint8Array<ArrayBuffer> {
  const blocks = blocksOf(style, layout).slice(firstFamily, familiesEnd);
  // All names, escaped, each with the constant labels and a line feed behind it, which these can't hold. OpenMetrics
  // has no escape for CR.
  const names = piece(
    services
      .map(
        ({ name }) =>
          `${style.openMetrics ? name.replace(/[\\"\n]/g, escapeLabel) : escapeLabel(name)}${style.fixedLabels}\n`,
      )
      .join(""),
  );
  let capacity = end.length;
  for (const { header, lines } of blocks) {
    capacity += header.length;
    for (const { before, after } of lines) {
      capacity += names.length + services.length * (before.length + after.length + NUMBER_BYTES);
    }
  }
  writer.begin(capacity);
  for (const { header, lines } of blocks) {
    writer.ascii(header);
    let nameStart = 0;
    for (const { row, createdMs } of services) {
      let nameEnd = nameStart;
      while (names.view.getUint8(nameEnd) !== LINE_FEED) nameEnd++;
      /*@__NOINLINE__*/ writeService(lines, names, nameStart, nameEnd, words, wordIndex(row), createdMs);
      nameStart = nameEnd + 1;
    }
  }
  writer.ascii(end);
  return writer.finish();
}

/**
 * All lines of a family for one service. A function of its own because engines optimise what is called
 * often sooner and better than a loop that runs long: in one loop, the first scrapes took twice as long.
 */
function writeService(
  lines: readonly Line[],
  names: Piece,
  nameStart: number,
  nameEnd: number,
  words: Uint32Array,
  row: number,
  createdMs: number,
): void {
  let totalHigh = 0;
  let totalLow = 0;
  for (const { before, after, low: at, shows } of lines) {
    // Workers have no time outside a request: 0, which is not when a service appeared.
    if (shows > SUM && !createdMs) continue;
    writer.copyAscii(before);
    writer.copy(names, nameStart, nameEnd);
    writer.copyAscii(after);
    const low = words[row + at] as number;
    const high = words[row + at + 1] as number;
    if (shows >= SUM) {
      writer.ascii(`${shows === SUM ? decimal((high * LOW_END + low) / 1e9) : createdMs / 1e3}\n`);
      continue;
    }
    if (shows <= GAUGE) totalLow = totalHigh = 0;
    if (shows <= BUCKET && !(shows === GAUGE && (high | 0) < 0)) {
      totalLow += low;
      totalHigh = (totalHigh + high + (totalLow >= LOW_END ? 1 : 0)) >>> 0;
      totalLow >>>= 0;
    }
    writer.uint(totalHigh, totalLow);
  }
}

/** A style's blocks for rows of `layout`, made anew only when that changes. */
function blocksOf(style: TextStyle, layout: RowLayout): readonly Block[] {
  if (style.layout !== layout) {
    style.layout = layout;
    style.blocks = FAMILIES.map((family) => blockOf(family, style, layout));
  }
  return style.blocks as readonly Block[];
}

function blockOf(
  [name, help, ...fields]: Family,
  { namePrefix, openMetrics, withCreated }: TextStyle,
  { bounds, bucketStride, ...layout }: RowLayout,
): Block {
  const sample = `${namePrefix}_${name}`;
  const isHistogram = sample.endsWith("_seconds");
  const type = isHistogram ? "histogram" : sample.endsWith("_total") ? "counter" : "gauge";
  const family = openMetrics ? sample.replace(/_total$/, "") : sample;
  const lines: Line[] = [];
  for (const [field, kind] of fields) {
    const add = (suffix: string, shows: number, offset = 0, labels = kind ? `,kind="${kind}"` : "") =>
      lines.push({
        before: piece(`${family}${suffix}{service="`),
        after: piece(`"${labels}} `),
        low: wordIndex(layout[field] + offset),
        shows,
      });
    if (isHistogram) {
      let offset = 0;
      for (const bound of [...bounds.map(openMetrics ? canonical : decimal), "+Inf"]) {
        offset += bucketStride;
        add("_bucket", BUCKET, offset, `,le="${bound}"`);
      }
      add("_sum", SUM);
      add("_count", COUNT);
    } else add(sample.slice(family.length), type === "gauge" ? GAUGE : COUNTER);
    if (withCreated && type !== "gauge") add("_created", CREATED);
  }
  const unit = openMetrics && isHistogram ? `# UNIT ${family} seconds\n` : "";
  // No HELP holds what a format would have escaped.
  return { header: `# HELP ${family} ${help}\n# TYPE ${family} ${type}\n${unit}`, lines };
}
