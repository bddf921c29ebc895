/**
 * Finds phrases that readers have to decipher (CONTRIBUTING.md, "Prose") in the sources, scripts, tests and Markdown files of a
 * repository. Prints one line per phrase, and exits with 1 if there are any. Only phrases without a legitimate use are listed.
 *
 *   node scripts/check-prose.mjs [folder]
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const root = process.argv[2] ?? dirname(dirname(fileURLToPath(import.meta.url)));
const skipped = new Set(["node_modules", "dist", "certs"]);
const checked = /^(?:packages\/[^/]+\/src|scripts|test)\/.*\.(?:[cm]?[jt]s|tsx)$|\.md$/;
const comment = /(?:\/\/|\*) /.source;

/** The regular expressions are written so that they do not match their own text. */
const phrases = [
  { pattern: /(?<!\bthere )\b(?:is|are|was|were|be) none\b/, advice: 'write "is invalid", or "not a ..."' },
  {
    pattern: /\bthat (?:is|are|was|were) no (?!longer\b|more\b)[a-z]+/,
    advice: 'write "that is not a ...", or "invalid"',
  },
  { pattern: /\b(?:is|are|was|were) another (?:one)\b/, advice: 'write "is different", or name the thing' },
  { pattern: /\bwhat it is (?:that)\b/i, advice: "name the thing" },
  { pattern: /\bwho(?:ever|mever)\b/i, advice: "name the person or the program" },
  {
    pattern: new RegExp(`${comment}What [^?]*$`),
    advice: "begin with the thing, not with its description",
    code: true,
  },
];

function* filesUnder(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (skipped.has(entry.name) || entry.name.startsWith(".")) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesUnder(path);
    else if (checked.test(relative(root, path).split(sep).join("/"))) yield path;
  }
}

let count = 0;
for (const path of filesUnder(root)) {
  const rules = phrases.filter(({ code }) => !code || !path.endsWith(".md"));
  for (const [index, line] of readFileSync(path, "utf8").split("\n").entries()) {
    for (const { pattern, advice } of rules) {
      const found = pattern.exec(line)?.[0];
      if (found === undefined) continue;
      count++;
      console.log(`${relative(root, path)}:${index + 1}: "${found.trim().slice(0, 60)}": ${advice}`);
    }
  }
}
if (count > 0) console.log(`${count} phrases to rewrite: see "Prose" in CONTRIBUTING.md`);
process.exitCode = count > 0 ? 1 : 0;
