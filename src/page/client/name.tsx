// Names of services, which may come from anybody: what would be invisible, or turn the text around it, is shown.

import { h, type VNode } from "preact";

/** Controls, spaces but plain ones, marks of direction, and others without a shape; not the joiners of emoji. */
const INVISIBLE =
  /[\0-\x1f\x7f-\xa0\xad\u061c\u115f\u180e\u1680\u2000-\u200c\u200e\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\ufff9-\uffff]|^ | $|(?<= ) /g;

function mark(character: string): string {
  const code = character.charCodeAt(0);
  if (code <= 32) return String.fromCharCode(0x2400 + code);
  if (code === 127) return "\u2421";
  return character === "\ufffd" ? character : `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

/** The name as text without formatting. */
export const plainName = (name: string): string => name.replace(INVISIBLE, mark) || "(empty name)";

export function Name({ name }: { name: string }): VNode {
  const parts: (string | VNode)[] = [];
  let end = 0;
  for (const { 0: found, index } of name.matchAll(INVISIBLE)) {
    parts.push(name.slice(end, index), <i>{mark(found)}</i>);
    end = index + found.length;
  }
  return <bdi>{name === "" ? <i>(empty name)</i> : [...parts, name.slice(end)]}</bdi>;
}
