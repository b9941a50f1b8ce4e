// The time from the import of a contender to its first record, each time in a fresh process.

import { runScript } from "../children.js";
import { NAMES } from "../contenders/all.js";
import { inTurn, median, progress } from "../harness.js";
import { duration, times } from "../results.js";

const NOTES = [
  "A fresh process each time. The time runs from before the import until the first latency is recorded, with all metrics " +
    "declared; it excludes the start of Node and, for all contenders alike, includes the benchmark's own module. The record is then read back.",
];

export default async function startup({ quick }) {
  const rounds = quick ? 5 : 15;
  const contenders = NAMES.map((name) => ({ name, ns: [] }));
  for (let round = 0; round < rounds; round++) {
    progress(`startup: round ${round + 1} of ${rounds}`);
    for (const { name, ns } of inTurn(contenders, round)) {
      const { elapsedMs, recorded } = await runScript("children/startup.js", [name]);
      if (recorded !== 1) throw new Error(`${name} recorded ${recorded} of 1`);
      ns.push(elapsedMs * 1e6);
    }
  }
  const ours = median(contenders[0].ns);
  return {
    title: "From import to first record",
    notes: NOTES,
    tables: [
      {
        title: "Fresh processes",
        columns: ["", "median", `vs ${contenders[0].name}`],
        rows: contenders.map(({ name, ns }) => [name, duration(median(ns)), times(median(ns) / ours)]),
        ns: Object.fromEntries(contenders.map(({ name, ns }) => [name, ns])),
      },
    ],
    goals: [],
  };
}
