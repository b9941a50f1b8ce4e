// The formats that the endpoint serves: their media types and their encoders.

import type { Encoder } from "../exposition/encoder.js";
import { openMetricsEncoder } from "../exposition/openmetrics.js";
import { textEncoder } from "../exposition/text.js";
import type { Settings } from "./settings.js";

export interface Format {
  /** The parts of the media type, as in an Accept header. */
  readonly type: string;
  readonly subtype: string;
  readonly version: string;
  /** Content-Type of a response in this format, without the charset. */
  readonly contentType: string;
  /** Formats with the same encoder have the same bodies. */
  readonly encoder: Encoder;
}

/** In the order in which they are tried where the client has no preference; clients that accept none get the first. */
export function formatsOf({ created, ...naming }: Settings): readonly [Format, ...Format[]] {
  const text = textEncoder(naming);
  const openMetrics = openMetricsEncoder(created, naming);
  return [
    format("text/plain", "0.0.4", text),
    format("application/openmetrics-text", "1.0.0", openMetrics),
    format("application/openmetrics-text", "0.0.1", openMetrics),
  ];
}

function format(mediaType: string, version: string, encoder: Encoder): Format {
  const [type = "", subtype = ""] = mediaType.split("/");
  return { type, subtype, version, contentType: `${mediaType}; version=${version}`, encoder };
}
