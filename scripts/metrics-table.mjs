// Generates the table of metrics in docs/metrics.md from the families and from the doc comments of the fields.
//
//   node scripts/metrics-table.mjs      writes the table; needs the output of tsc in build/js/

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const document = new URL("../docs/metrics.md", import.meta.url);
const fieldsFile = new URL("../src/model/fields.ts", import.meta.url);
const MARKED = /(<!-- metrics-table -->\n)[\s\S]*?(<!-- \/metrics-table -->)/;

/** What each counter, gauge and histogram counts, by its name: the doc comment above it. */
function fieldDocs() {
  const source = ts.createSourceFile("fields.ts", readFileSync(fieldsFile, "utf8"), ts.ScriptTarget.Latest, true);
  const docs = new Map();
  const visit = (node) => {
    const name = ts.isPropertyAssignment(node) ? node.name : ts.isStringLiteral(node) ? node : undefined;
    const [comment] = (name && ts.getLeadingCommentRanges(source.text, node.pos)) ?? [];
    if (comment) docs.set(name.text, plain(source.text.slice(comment.pos, comment.end)));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return docs;
}

/** A comment's text as a table cell: on one line, with a lower-case first letter and no full stop. */
function plain(comment) {
  const text = comment
    .replace(/^\/\*\*|\*\/$/g, "")
    .replace(/\s*\n\s*\*?\s*/g, " ")
    .trim();
  return text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, "");
}

/** The field that has the numbers: for `callStatuses.ok`, `callStatuses`. */
function parentOf(field) {
  return field.split(".")[0];
}

function snapshotFields(type, field) {
  return type === "histogram" ? [`${field}SumNs`, `${field}Count`, `${field}Buckets`] : [field];
}

/** The table in Markdown, a row per family. */
export async function metricsTable() {
  const { FAMILIES } = await import("../build/js/model/families.js");
  const docs = fieldDocs();
  const rows = FAMILIES.map(({ name, type, series }) => {
    const labels = [...new Set(series.flatMap((each) => Object.keys(each.labels ?? {})))];
    const metric = `nrpc_${name}${type === "counter" ? "_total" : ""}${labels.length > 0 ? `{${labels}}` : ""}`;
    const parents = [...new Set(series.map(({ field }) => parentOf(field)))];
    const meanings = parents.map((field) => {
      if (!docs.has(field)) throw new Error(`${field} has no doc comment in ${fileURLToPath(fieldsFile)}`);
      return docs.get(field);
    });
    const fields = parents.flatMap((field) => snapshotFields(type, field)).map((field) => `\`${field}\``);
    return `| \`${metric}\` | ${type} | ${meanings.join("; ")} | ${fields.join(", ")} |`;
  });
  return ["| metric | type | what it counts | field of a snapshot |", "|---|---|---|---|", ...rows, ""].join("\n");
}

/** The document `text` with the table between its markers. */
export function withTable(text, table) {
  if (!MARKED.test(text)) throw new Error("docs/metrics.md has no metrics-table markers");
  return text.replace(MARKED, (_, begin, end) => `${begin}${table}${end}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(document, withTable(readFileSync(document, "utf8"), await metricsTable()));
}
