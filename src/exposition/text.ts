// The Prometheus text exposition format 0.0.4.

import { decimal } from "./decimal.js";
import { escapeLabel } from "./label.js";
import { LineEncoder, type Naming } from "./lines.js";

export function textEncoder(naming?: Naming): LineEncoder {
  return new LineEncoder(
    {
      header(name, { type, help }) {
        const family = type === "counter" ? `${name}_total` : name;
        return `# HELP ${family} ${help}\n# TYPE ${family} ${type}\n`;
      },
      escapeLabel,
      bound: decimal,
      created: false,
      trailer: "",
    },
    naming,
  );
}
