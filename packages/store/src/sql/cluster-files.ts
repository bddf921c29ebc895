import { reading } from "./statement.js";
import { insert, rowsOf, type Work } from "./work.js";

/** The files that every node of a cluster has to have alike. */
export interface ClusterFiles {
  /** By the file's name: a text that is the same for the same content, and that nothing of it can be read from. */
  readonly fingerprints: Readonly<Record<string, string>>;
  /** Whether the node has them again when it is started again; only then others are held to them. */
  readonly areKept: boolean;
  /** Puts them in the place of what the cluster had, on purpose. */
  readonly replace: boolean;
}

const clusterFiles = reading<Record<never, never>>().as(({ database, p }) =>
  database.selectFrom("cluster_files").select(["file", "fingerprint"]).where("id_scope", "=", p.scope).orderBy("file"),
);

/** The names of the files that are others than the cluster's. The first node's are the cluster's. */
export function* differingFiles({ fingerprints, areKept, replace }: ClusterFiles): Work<readonly string[]> {
  const rows = Object.entries(fingerprints).map(([file, fingerprint]) => ({ file, fingerprint }));
  if (areKept) yield* insert("cluster_files", rows, replace ? "any" : "nothing");
  const known = yield* rowsOf(clusterFiles, {});
  return known.filter((each) => fingerprints[each.file] !== each.fingerprint).map((each) => each.file);
}
