// The format OpenMetrics 1.0. Version 0.0.1 differs from it, in what is written here, in nothing but its name.

import { openMetricsFloat } from "./decimal.js";
import { escapeOpenMetricsLabel } from "./label.js";
import { LineEncoder, type Naming } from "./lines.js";

/** @param created whether counters and histograms say when their service appeared. */
export function openMetricsEncoder(created: boolean, naming?: Naming): LineEncoder {
  return new LineEncoder(
    {
      header(name, { type, unit, help }) {
        const unitLine = unit ? `# UNIT ${name} ${unit}\n` : "";
        return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${unitLine}`;
      },
      escapeLabel: escapeOpenMetricsLabel,
      bound: openMetricsFloat,
      created,
      trailer: "# EOF\n",
    },
    naming,
  );
}
