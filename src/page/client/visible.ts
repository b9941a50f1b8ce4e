// Service names as text that can be seen: they may come from anyone, and hold characters that are invisible or change
// the direction of others.

/** Where a character that by itself is invisible belongs to text that can be seen. */
const PART_OF_TEXT = [
  String.raw`(?<=\S) (?=\S)`,
  String.raw`(?<=\p{Extended_Pictographic}[\ufe0f\u{1f3fb}-\u{1f3ff}]?)\u200d(?=\p{Extended_Pictographic})`, // 👩‍🚀
  String.raw`(?<=\p{Extended_Pictographic})\ufe0f`, // ❤️
  String.raw`(?<=[\d#*])\ufe0f(?=\u20e3)`, // 1️⃣
].join("|");

/** Control, format, separator, unassigned and ignorable characters, and the empty Braille pattern. */
const INVISIBLE = new RegExp(String.raw`(?!${PART_OF_TEXT})[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]`, "gu");

/** More characters than fit into the table's column. Drawing all of a long name's marks would take too long. */
const MAX_SHOWN = 100;

/** A run of text, or of stand-ins for characters that could not be seen. */
export interface Part {
  readonly text: string;
  readonly isMark: boolean;
}

/** A visible stand-in: a control picture (␀ to ␠), or the code point in hexadecimal. */
function mark(character: string): string {
  const code = character.codePointAt(0) as number;
  return code <= 32 ? String.fromCharCode(0x2400 + code) : `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

export function visibleParts(name: string): readonly Part[] {
  if (name === "") return [{ text: "(empty name)", isMark: true }];
  const parts: { text: string; isMark: boolean }[] = [];
  const append = (text: string, isMark: boolean) => {
    const last = parts.at(-1);
    if (last?.isMark === isMark) last.text += text;
    else if (text) parts.push({ text, isMark });
  };
  let end = 0;
  for (const { 0: found, index } of name.matchAll(INVISIBLE)) {
    append(name.slice(end, index), false);
    append(mark(found), true);
    end = index + found.length;
  }
  append(name.slice(end), false);
  return parts;
}

export function visibleText(name: string): string {
  return visibleParts(name)
    .map(({ text }) => text)
    .join("");
}

/** The name, or its beginning and an ellipsis. */
export function shortened(name: string): string {
  if (name.length <= MAX_SHOWN) return name;
  const characters = Array.from(name.slice(0, 2 * MAX_SHOWN + 2)); // a character has up to two code units
  return characters.length <= MAX_SHOWN ? name : `${characters.slice(0, MAX_SHOWN).join("")}…`;
}
