interface StoreErrorRow {
  readonly problem: string;
  readonly next: string;
}

/** Problems of the place where the data is kept, with advice. When opening throws one of them, nothing was changed. */
export const storeErrors = {
  directoryInUse: {
    problem: "the data directory is in use by another process",
    next: "stop that process, or choose another directory",
  },
  newerSchema: {
    problem: "the data was written by a newer Rollcall",
    next: "start that version, or choose another place for the data",
  },
  corruptFile: {
    problem: "the database file is damaged, or is not a database",
    next: "put a backup in its place, or move it away and start again; the file was not changed",
  },
  diskFull: { problem: "the disk is full", next: "free some space, then try again; what was acknowledged is safe" },
  noAccess: { problem: "the data directory cannot be written to", next: "check its owner and its permissions" },
  unreachable: {
    problem: "PostgreSQL cannot be reached",
    next: "check that the server runs, and the host and the port of the URL",
  },
  loginRefused: {
    problem: "PostgreSQL refuses the user or the password",
    next: "check both in the URL (percent-encoded), and the server's pg_hba.conf",
  },
  databaseMissing: {
    problem: "PostgreSQL has no such database",
    next: "create it (createdb), or correct the name at the end of the URL",
  },
  notPermitted: {
    problem: "PostgreSQL does not let this user write there",
    next: "grant the user CREATE and USAGE on the schema, on a server that is not a read-only standby",
  },
  tooSlow: {
    problem: "PostgreSQL took too long to answer",
    next: "find what blocks it (pg_stat_activity, pg_locks), then try again",
  },
  badUrl: {
    problem: "the URL of PostgreSQL cannot be read",
    next: "write postgres://user:password@host:port/database, with special characters of the password percent-encoded",
  },
  otherFiles: {
    problem: "this node's CA or keys differ from those of the nodes that share the database",
    next: "copy secrets.json, ca.pem and ca-key.pem from another node's location into this node's; to give all nodes new files, stop all nodes, and start the first again with --replace-cluster-keys",
  },
  driverMissing: { problem: "the package pg is not installed", next: "npm install pg" },
  closed: { problem: "the store is closed", next: "open it again" },
} as const satisfies Record<string, StoreErrorRow>;

export type StoreErrorKind = keyof typeof storeErrors;

export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly kind: StoreErrorKind;
  /** The problem, without the place. */
  readonly problem: string;
  /** Advice for the person who runs the service. */
  readonly next: string;

  constructor(kind: StoreErrorKind, detail: string, options?: ErrorOptions) {
    const { problem, next } = storeErrors[kind];
    super(`${problem} (${detail}): ${next}`, options);
    this.kind = kind;
    this.problem = problem;
    this.next = next;
  }
}
