/** Columns of a text that nobody gave a width for. */
export const textWidth = 80;

/** Breaks text at blanks into lines of `width`; `indent` goes before every line but the first, on top. A word longer than the width stays whole: commands are copied. */
export function wrap(text: string, width: number, indent = ""): string {
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) {
    let line = "";
    for (const word of paragraph.split(/ +/)) {
      if (line !== "" && line.length + 1 + word.length > width) {
        lines.push(line);
        line = word;
      } else line = line === "" ? word : `${line} ${word}`;
    }
    lines.push(line);
  }
  return lines.join(`\n${indent}`);
}
