/** The lines of a Markdown file; lines of code blocks are empty. */
export function proseOf(source) {
  const pieces = source.split(/^(\s*(?:```|~~~).*)$/m);
  const kept = pieces.map((piece, index) => (index % 4 === 0 ? piece : piece.replace(/[^\n]/g, "")));
  return kept.join("").split("\n");
}

/** GitHub's anchors of the headings; the anchor of a second heading with the same name ends in -1. */
export function anchorsOf(source) {
  const headings = proseOf(source).flatMap((line) => /^ {0,3}#{1,6}\s+(.*?)(?:\s+#+)?\s*$/.exec(line)?.[1] ?? []);
  const slugs = headings.map((heading) => {
    const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    return plain.replace(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, "").replaceAll(" ", "-");
  });
  const before = (slug, index) => slugs.slice(0, index).filter((other) => other === slug).length;
  return new Set(slugs.map((slug, index) => (before(slug, index) === 0 ? slug : `${slug}-${before(slug, index)}`)));
}
