// Copies the dashboard, the rules and the runbooks, for metrics with another prefix or another label for the service:
//
//   node node_modules/nrpc-metrics/ops/copy.mjs ops --prefix shop --service-label rpc_service
//
// The options are what the endpoint has as `prefix` and `serviceLabel`.

import { lstatSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";

const FILES = [
  "grafana/nrpc-metrics.json",
  "prometheus/alerting-rules.yml",
  "prometheus/recording-rules.yml",
  "runbooks.md",
];

const USAGE = "usage: node copy.mjs FOLDER [--prefix PREFIX] [--service-label LABEL]";

/** What the endpoint takes for `prefix` and `serviceLabel`. */
const PREFIX = /^[a-zA-Z_:][\w:]*(?<!_)$/;
const LABEL = /^(?!__|(?:code|kind|le|quantile|result|state|job|instance)$)[a-zA-Z_]\w*$/;

/** Renames the metrics, and with them the recorded ones. */
function withPrefix(text, prefix) {
  return text.replace(/(?<![\w-])nrpc_/g, `${prefix}_`);
}

/** Renames the label wherever a query, a template or backticks have it, but not the word in a sentence. */
function withServiceLabel(text, label) {
  return text
    .replace(/\b(?:by|on) \([^()]*\)/g, (labels) => labels.replace(/\b(exported_)?service\b/g, `$1${label}`))
    .replace(/(?<=[{,](?:exported_)?)service(?=[=!])/g, label) // {service="…"}
    .replace(/(?<="(?:exported_)?)service(?="[,:] )/g, label) // label_replace(…, "service", …), a table's columns
    .replace(/(?<=label_values\(.*, )service(?=\))/g, label)
    .replace(/(?<=\$labels\.|\{\{)service\b/g, label)
    .replace(/(?<=`(?:exported_)?)service(?=`)/g, label)
    .replace(/\bjob_service(?=:|_kind:|_code:)/g, `job_${label}`); // recorded metrics begin with their labels
}

function fail(message) {
  console.error(`${message}\n${USAGE}`);
  process.exit(1);
}

function checkedArguments() {
  const options = {
    prefix: { type: "string", default: "nrpc" },
    "service-label": { type: "string", default: "service" },
  };
  let parsed;
  try {
    parsed = parseArgs({ options, allowPositionals: true });
  } catch (error) {
    fail(error.message);
  }
  const { positionals, values } = parsed;
  const { prefix, "service-label": label } = values;
  if (positionals.length !== 1) fail(`there must be one folder, got ${positionals.length}`);
  if (!PREFIX.test(prefix)) fail(`--prefix must be the endpoint's prefix, got ${JSON.stringify(prefix)}`);
  if (!LABEL.test(label)) fail(`--service-label must be the endpoint's serviceLabel, got ${JSON.stringify(label)}`);
  return { folder: positionals[0], prefix, label };
}

/** Whether there is anything at `path`, even a symbolic link that leads nowhere. */
const exists = (path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

/** Writes all copies, or none if one of them exists. */
function copyTo(folder, change) {
  const copies = FILES.map((file) => ({
    path: join(folder, file),
    text: change(readFileSync(new URL(file, import.meta.url), "utf8")),
  }));
  const existing = copies.map(({ path }) => path).filter(exists);
  if (existing.length > 0) {
    const list = existing.map((path) => `  ${path}`).join("\n");
    fail(`these exist, and may have been edited: remove them first, or choose another folder\n${list}`);
  }
  for (const { path, text } of copies) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { flag: "wx" });
  }
}

const { folder, prefix, label } = checkedArguments();
try {
  copyTo(folder, (text) => withServiceLabel(withPrefix(text, prefix), label));
} catch (error) {
  if (error.syscall === undefined) throw error;
  fail(error.message); // of the file system: no directory, no permission
}
