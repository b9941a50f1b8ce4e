// Memory per service, and memory kept after a flood of names that are used once.

import { runScript } from "../children.js";
import { NAMES_WITH_TEXT } from "../contenders/all.js";
import { progress } from "../harness.js";
import { atMostBytes, bytes } from "../results.js";

const SERVICES = 4096;
const LINES_PER_SERVICE = 40;
/** Fewer names for peers, which keep a series for each name: enough to see what one costs. */
const PEER_FLOOD = 100_000;
/** By how much the heap statistics of any process vary. */
const NOISE_BYTES = 256 * 1024;

const NOTES = [
  "A fresh process for each, with `--expose-gc`; sizes after full collections: JavaScript heap, and memory outside it (linear memory, buffers).",
  "4,096 services with all their 40 series. The strings of the names are shared with the workload and not counted.",
  "Then a flood of names, each used once to add to one counter. nrpc-metrics has reached its cap by then; the others have no cap, except " +
    "OpenTelemetry, whose limit of 2,000 attribute sets per instrument is raised to 20,000 here to make room for the services.",
];

export default async function memory({ quick }) {
  const rows = [];
  let ours;
  for (const name of NAMES_WITH_TEXT) {
    const isOurs = name === "nrpc-metrics";
    const flood = isOurs ? (quick ? 1_000_000 : 10_000_000) : PEER_FLOOD;
    progress(`memory: ${name}, then ${flood.toLocaleString("en-US")} names`);
    const found = await runScript("children/memory.js", [name, SERVICES, flood], { flags: ["--expose-gc"] });
    if (found.seriesBeforeFlood !== SERVICES * LINES_PER_SERVICE)
      throw new Error(`${name}: ${found.seriesBeforeFlood} series`);
    if (isOurs) ours = found;
    rows.push([
      name,
      bytes(found.heapBytes / SERVICES),
      bytes(found.externalBytes / SERVICES),
      flood.toLocaleString("en-US"),
      found.seriesOfFlood.toLocaleString("en-US"),
      bytes(found.floodBytes),
    ]);
  }
  return {
    title: "Memory",
    notes: [
      ...NOTES,
      `Linear memory of nrpc-metrics: ${bytes(ours.idleLinearBytes)} idle, ${bytes(ours.linearBytes)} with 4,097 services.`,
    ],
    tables: [
      {
        title: "Bytes held",
        columns: [
          "",
          "heap per service",
          "outside the heap per service",
          "names in flood",
          "series added",
          "bytes added",
        ],
        rows,
      },
    ],
    goals: [
      atMostBytes("linear memory of an idle registry", ours.idleLinearBytes, 64 * 1024),
      atMostBytes("memory added by the flood", ours.floodBytes, NOISE_BYTES),
    ],
  };
}
