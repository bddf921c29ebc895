/**
 * Fails when a reference leads nowhere: a document's name with an anchor in any text, a relative link of a Markdown file,
 * or the number of a section without its document ("RFC 5280 section 4.1" has one). Checks the folder it is run in.
 */
import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { anchorsOf, proseOf } from "./markdown.mjs";

const text = /\.(?:md|[cm]?[jt]sx?|json|py|java|css|html|ya?ml)$|^\.ci\//;
const named = /(?<![\w/:.#@-])((?:[\w-]+\/)*[\w.-]+\.md)#([\w-]+)/g;
const links = /\]\(\s*<?([^)\s>]+)[^)]*\)|^\s*\[[^\]]+\]:\s+(\S+)/g;
const withDocument = /(?:RFC \d+|X\.\d+|MQTT [\d.]+|Part \d),? sections? \d/g;
const oldStyle = /\bsections? \d|\b(?:wire|tpm|attestation) notes\b|failure causes, \d|\bDESIGN \d|\bdps.wire\b/i;
const bareNumber = /^\s*(?:\/?\*|\/\/).* \(\d+\.\d+[,)]/;

const notOurs = new Set(["node_modules", "dist", "coverage", ".git", ".rollcall", "out", "screenshots"]);
/** Every file below a folder of the repository; works without Git, which may be missing. */
const filesIn = (folder) =>
  readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !notOurs.has(name))
    .flatMap((entry) => (entry.isDirectory() ? filesIn : posix.normalize)(posix.join(folder, entry.name)));
const files = filesIn(".");
const sources = new Map(files.filter((file) => text.test(file)).map((file) => [file, readFileSync(file, "utf8")]));
const documents = new Map(
  [...sources].filter(([file]) => file.endsWith(".md")).map(([file, md]) => [file, anchorsOf(md)]),
);

/** Markdown may name documents of other projects; code names only ours. */
function namedFault(file, [reference, name, anchor]) {
  const found = [...documents.keys()].filter((path) => `/${path}`.endsWith(`/${name}`));
  if (found.length === 0) return file.endsWith(".md") ? undefined : `${reference}: no such document`;
  return found.some((path) => documents.get(path).has(anchor)) ? undefined : `${reference}: no such heading`;
}

function linkFault(file, target) {
  if (/^[a-z][a-z+.-]*:/i.test(target)) return undefined;
  const [path, anchor] = decodeURI(target).split("#");
  const full = path === "" ? file : posix.join(posix.dirname(file), path).replace(/\/$/, "");
  if (!files.some((other) => `${other}/`.startsWith(`${full}/`))) return `${target}: no such file`;
  return anchor && documents.get(full)?.has(anchor) === false ? `${target}: no such heading` : undefined;
}

/** `prose` is the same line if it is Markdown outside a code block, else empty. */
function lineFaults(file, line, prose) {
  const targets = [...prose.replace(/`[^`]*`/g, "").matchAll(links)].map((match) => match[1] ?? match[2]);
  const old = oldStyle.exec(line.replace(withDocument, ""))?.[0] ?? bareNumber.exec(line)?.[0].trim();
  const unnamed = old === undefined ? [] : [`${old}: a number without its document`];
  const anchored = [...line.replace(links, "").matchAll(named)].map((match) => namedFault(file, match));
  return [...targets.map((target) => linkFault(file, target)), ...anchored, ...unnamed].filter(Boolean);
}

for (const [file, source] of sources) {
  const prose = documents.has(file) ? proseOf(source) : [];
  const faults = source.split("\n").map((line, index) => lineFaults(file, line, prose[index] ?? ""));
  for (const [index, found] of faults.entries())
    for (const fault of found) console.error(`${file}:${index + 1} ${fault}`);
  if (faults.flat().length > 0) process.exitCode = 1;
}
