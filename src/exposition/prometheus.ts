// A snapshot in the Prometheus text exposition format 0.0.4.

import type { RowLayout } from "../core/layout.js";
import type { SnapshotData } from "../snapshot.js";
import { LOW_END, wordIndex } from "../words.js";
import { decimal } from "./decimal.js";
import { FAMILIES, type Family } from "./families.js";
import { escapeLabel } from "./label.js";
import { LINE_FEED, NUMBER_BYTES, type Piece, piece, TextWriter } from "./writer.js";

const SIGN_HIGH = 2 ** 31;

/** What a line shows: its word, that or 0 if it is negative, the total with it, as seconds, the total. */
const COUNTER = 0;
const GAUGE = 1;
const BUCKET = 2;
const SUM = 3;
const COUNT = 4;

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

// Blocks and the writer live on between scrapes. Engines tie optimised code to the shapes of objects and
// throw both away when no object of a shape is left: made anew for each scrape, they cost every scrape that
// follows a few garbage collections four times its time.
const blocksOf = new WeakMap<RowLayout, readonly Block[]>();
const writer = new TextWriter();

export function prometheusBytes({ services, words, layout }: SnapshotData): Uint8Array<ArrayBuffer> {
  const blocks = blocksOf.get(layout) ?? FAMILIES.map((family) => block(family, layout));
  blocksOf.set(layout, blocks);
  // All names, escaped, each with a line feed behind it, which an escaped name can't hold.
  const names = piece(services.map(({ name }) => `${escapeLabel(name)}\n`).join(""));
  let capacity = 0;
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
    for (const { row } of services) {
      let nameEnd = nameStart;
      while (names.view.getUint8(nameEnd) !== LINE_FEED) nameEnd++;
      /*@__NOINLINE__*/ writeService(lines, names, nameStart, nameEnd, words, wordIndex(row));
      nameStart = nameEnd + 1;
    }
  }
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
): void {
  let totalHigh = 0;
  let totalLow = 0;
  for (const { before, after, low: at, shows } of lines) {
    writer.copyAscii(before);
    writer.copy(names, nameStart, nameEnd);
    writer.copyAscii(after);
    const low = words[row + at] as number;
    const high = words[row + at + 1] as number;
    if (shows === SUM) {
      writer.ascii(`${decimal((high * LOW_END + low) / 1e9)}\n`);
      continue;
    }
    if (shows <= GAUGE) totalLow = totalHigh = 0;
    if (shows <= BUCKET && !(shows === GAUGE && high >= SIGN_HIGH)) {
      totalLow += low;
      totalHigh = (totalHigh + high + (totalLow >= LOW_END ? 1 : 0)) >>> 0;
      totalLow >>>= 0;
    }
    writer.uint(totalHigh, totalLow);
  }
}

function block({ type, name, help, fields }: Family, { bounds, bucketStride, ...layout }: RowLayout): Block {
  const line = (suffix: string, labels: string, offset: number, shows: number): Line => ({
    before: piece(`${name}${suffix}{service="`),
    after: piece(`"${labels}} `),
    low: wordIndex(offset),
    shows,
  });
  const lines = fields.flatMap(([field, labels = ""]) => {
    const offset = layout[field];
    if (type !== "histogram") return line("", labels, offset, type === "gauge" ? GAUGE : COUNTER);
    return [
      ...[...bounds.map(decimal), "+Inf"].map((bound, bucket) =>
        line("_bucket", `,le="${bound}"`, offset + (bucket + 1) * bucketStride, BUCKET),
      ),
      line("_sum", "", offset, SUM),
      line("_count", "", offset, COUNT),
    ];
  });
  return { header: `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`, lines };
}
