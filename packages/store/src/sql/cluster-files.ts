import { reading } from "./statement.js";
import { insert, rowsOf, type Work } from "./work.js";

/** The files that must be the same on every node of a cluster. */
export interface ClusterFiles {
  /** Fingerprint of each file, by the file's name: the same for the same content, and reveals nothing of it. */
  readonly fingerprints: Readonly<Record<string, string>>;
  /** Whether the node still has the files after a restart. Only then do they become the cluster's. */
  readonly areKept: boolean;
  /** Replaces the cluster's copy, on purpose. */
  readonly replace: boolean;
}

const clusterFiles = reading<Record<never, never>>().as(({ database, p }) =>
  database.selectFrom("cluster_files").select(["file", "fingerprint"]).where("id_scope", "=", p.scope).orderBy("file"),
);

/** Names of the files that differ from the cluster's copy. The first node to start defines that copy. */
export function* differingFiles({ fingerprints, areKept, replace }: ClusterFiles): Work<readonly string[]> {
  const rows = Object.entries(fingerprints).map(([file, fingerprint]) => ({ file, fingerprint }));
  if (areKept) yield* insert("cluster_files", rows, replace ? "any" : "nothing");
  const known = yield* rowsOf(clusterFiles, {});
  return known.filter((each) => fingerprints[each.file] !== each.fingerprint).map((each) => each.file);
}
