// The OpenMetrics 1.0 format. What is written here is valid in version 0.0.1 too.

import { openMetricsFloat } from "./decimal.js";
import { escapeOpenMetricsLabel } from "./label.js";
import { LineEncoder, type Naming } from "./lines.js";

/** @param created whether counters and histograms get a sample `_created`, the time at which their service appeared. */
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
