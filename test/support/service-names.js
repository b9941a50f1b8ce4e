// Service names that are hard to write as label values.

import fc from "fast-check";

const CONTROL_CHARACTERS = Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).concat(
  "\x7f",
  "\x80",
  "\x9f",
);

/** None contains CR, which promtool rejects. */
export const AWKWARD_NAMES = [
  "",
  " ",
  " leading and trailing ",
  "\ud800",
  "\udfff",
  "low before high \udc00\ud800",
  "between \ud83d letters",
  "😀",
  "👩‍👩‍👧‍👦",
  "\u{10ffff}",
  '"',
  '"}',
  '",le="1"} 5',
  "\\",
  "\\\\",
  "\\n",
  '\\"',
  "ends with a backslash\\",
  "\n",
  "line\nfeed",
  "\n# TYPE nrpc_calls_total gauge\n",
  ...CONTROL_CHARACTERS.filter((character) => character !== "\r").map((character) => `control ${character}.`),
  "\0",
  "__proto__",
  "constructor",
  "__name__",
  "__overflow__",
  "\ufeff",
  "\ufefffirst",
  "\ufffe\uffff",
  "\ufffd at last",
  "\u2028",
  "\u2029",
  "\u0085",
  "e\u0301 is not é",
  "x".repeat(1024),
  "é".repeat(512),
  "😀".repeat(256),
  "x".repeat(1025),
  "NaN",
  "+Inf",
  "# HELP",
  "{}",
];

/** Any string, including lone surrogates; characters that need care are more frequent than chance. */
export const anyName = fc.string({
  unit: fc.oneof(
    { weight: 4, arbitrary: fc.string({ unit: "binary", minLength: 1, maxLength: 1 }) },
    { weight: 2, arbitrary: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        ...["\\", '"', "\n", "\r", "n", "r", "\0", "\ufeff", "\ud83d", "\ude00", "{", "}", ",", "=", " ", "#"],
      ),
    },
  ),
  maxLength: 40,
});

/** The same without CR, which promtool rejects. */
export const anyNameWithoutCr = anyName.map((name) => name.replaceAll("\r", ""));
