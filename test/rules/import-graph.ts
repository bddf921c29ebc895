import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import ts from "typescript";

/** The files of a package and the files of the same package that each imports, all relative to its `src`. */
export type ImportGraph = ReadonlyMap<string, ReadonlySet<string>>;

const isSource = (file: string): boolean =>
  /\.tsx?$/.test(file) && !/\.test\.tsx?$|\.rows\.ts$|(^|\/)testing\/|\.d\.ts$/.test(file);

/**
 * Reads what the sources of a folder import from each other: values, types, re-exports and dynamic imports.
 * Tests and `testing` folders are left out, since they may import from any folder.
 */
export function readImports(sources: string): ImportGraph {
  const files = readdirSync(sources, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(sources, join(entry.parentPath, entry.name)))
    .filter(isSource);
  const known = new Set(files);
  const targetOf = (from: string, specifier: string): string | undefined => {
    if (!specifier.startsWith(".")) return undefined;
    const path = relative(sources, resolve(sources, dirname(from), specifier)).replace(/\.js$/, "");
    return [`${path}.ts`, `${path}.tsx`].find((candidate) => known.has(candidate));
  };
  return new Map(
    files.map((file) => {
      const { importedFiles } = ts.preProcessFile(readFileSync(join(sources, file), "utf8"), true, true);
      const targets = importedFiles.flatMap(({ fileName }) => targetOf(file, fileName) ?? []);
      return [file, new Set(targets)];
    }),
  );
}

/** Groups of nodes that reach each other. */
export function cyclesOf<Node>(graph: ReadonlyMap<Node, ReadonlySet<Node>>): readonly (readonly Node[])[] {
  const reachable = new Map([...graph.keys()].map((node) => [node, reachedFrom(graph, node)]));
  const seen = new Set<Node>();
  const cycles: Node[][] = [];
  for (const node of graph.keys()) {
    if (seen.has(node) || !reachable.get(node)?.has(node)) continue;
    const cycle = [...graph.keys()].filter(
      (other) => reachable.get(node)?.has(other) && reachable.get(other)?.has(node),
    );
    for (const each of cycle) seen.add(each);
    cycles.push(cycle);
  }
  return cycles;
}

/** Everything that can be reached in one step or more. */
function reachedFrom<Node>(graph: ReadonlyMap<Node, ReadonlySet<Node>>, start: Node): ReadonlySet<Node> {
  const reached = new Set<Node>();
  const open = [...(graph.get(start) ?? [])];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (reached.has(node)) continue;
    reached.add(node);
    open.push(...(graph.get(node) ?? []));
  }
  return reached;
}

/** Folder → the other folders that its files import, with one import of each as an example. `.` is the root. */
export function folderImports(graph: ImportGraph): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const folders = new Map<string, Map<string, string>>();
  for (const [file, targets] of graph) {
    const from = dirname(file);
    const row = folders.get(from) ?? new Map<string, string>();
    folders.set(from, row);
    for (const target of targets) if (dirname(target) !== from) row.set(dirname(target), `${file} -> ${target}`);
  }
  return folders;
}
