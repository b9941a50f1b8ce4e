// Renders service names, which may come from anyone: invisible and direction-changing characters are made visible.

import { h, type VNode } from "preact";

/** Control, format, separator and unassigned characters, except a single space within text and the joiner of emoji. */
const INVISIBLE = /(?!\u200d|(?<=\S) (?=\S))[\p{C}\p{Z}]/gu;

/** A visible stand-in: a control picture (␀ to ␠), or the code point in hexadecimal. */
function mark(character: string): string {
  const code = character.codePointAt(0) as number;
  return code <= 32 ? String.fromCharCode(0x2400 + code) : `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

export function Name({ name }: { name: string }): VNode {
  const parts: (string | VNode)[] = [];
  let end = 0;
  for (const { 0: found, index } of name.matchAll(INVISIBLE)) {
    parts.push(name.slice(end, index), <i>{mark(found)}</i>);
    end = index + found.length;
  }
  return <bdi>{name ? [...parts, name.slice(end)] : <i>(empty name)</i>}</bdi>;
}
