/** The default width of a text, in columns. */
export const textWidth = 80;

/**
 * Wraps text at blanks into lines of `width`; `indent` is put before every line but the first, in addition. A word
 * longer than the width is not cut, so that commands can be copied.
 */
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
