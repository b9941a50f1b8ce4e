// Memory: what a service costs, and what a flood of names that never come again leaves behind.

import { runScript } from "../children.js";
import { NAMES_WITH_TEXT } from "../contenders/all.js";
import { progress } from "../harness.js";
import { atMostBytes, bytes } from "../results.js";

const SERVICES = 4096;
const LINES_A_SERVICE = 40;
/** Peers keep a series for each name for ever: enough of them to see what one costs. */
const PEER_FLOOD = 100_000;
/** What the heap statistics of a process vary by, whatever runs in it. */
const NOISE_BYTES = 256 * 1024;

const NOTES = [
  "A fresh process each, `--expose-gc`, sizes after full collections: JavaScript heap, and what it holds outside (linear memory, buffers).",
  "4,096 services with all their 40 series. The names themselves are shared with the work, and no part of it.",
  "Then a flood of names of which each comes once and adds to one counter. nrpc-metrics is past its cap by then; the others have none, but " +
    "OpenTelemetry, whose limit of 2,000 attribute sets an instrument is raised to 20,000 here to let the services in.",
];

export default async function memory({ quick }) {
  const rows = [];
  let ours;
  for (const name of NAMES_WITH_TEXT) {
    const isOurs = name === "nrpc-metrics";
    const flood = isOurs ? (quick ? 1_000_000 : 10_000_000) : PEER_FLOOD;
    progress(`memory: ${name}, then ${flood.toLocaleString("en-US")} names`);
    const found = await runScript("children/memory.js", [name, SERVICES, flood], { flags: ["--expose-gc"] });
    if (found.seriesBeforeFlood !== SERVICES * LINES_A_SERVICE)
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
        columns: ["", "heap a service", "outside, a service", "flood of names", "series added", "bytes more"],
        rows,
      },
    ],
    goals: [
      atMostBytes("linear memory of an idle registry", ours.idleLinearBytes, 64 * 1024),
      atMostBytes("more after the flood", ours.floodBytes, NOISE_BYTES),
    ],
  };
}
