interface StoreErrorRow {
  readonly problem: string;
  readonly next: string;
}

/** What can be wrong with the place where things are kept, and what to do then. Nothing was changed when one of these is thrown on opening. */
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
    problem: "the database file is damaged, or no database",
    next: "put a backup in its place, or move it away and start anew; it was left as it is",
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
    next: "grant the user CREATE and USAGE on the schema, on a server that is no read-only standby",
  },
  tooSlow: {
    problem: "PostgreSQL took too long to answer",
    next: "look for what holds it up (pg_stat_activity, pg_locks), then try again",
  },
  badUrl: {
    problem: "the URL of PostgreSQL cannot be read",
    next: "write postgres://user:password@host:port/database, with what is special in the password percent-encoded",
  },
  otherFiles: {
    problem: "this node has another CA or other keys than the nodes that share the database",
    next: "copy secrets.json, ca.pem and ca-key.pem from the location of one of them into this node's; to give all nodes new ones, stop them, and start the first again with --replace-cluster-keys",
  },
  driverMissing: { problem: "the package pg is not installed", next: "npm install pg" },
  closed: { problem: "the store is closed", next: "open it again" },
} as const satisfies Record<string, StoreErrorRow>;

export type StoreErrorKind = keyof typeof storeErrors;

export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly kind: StoreErrorKind;
  /** What is wrong, without the place. */
  readonly problem: string;
  /** What the person who runs the service can do about it. */
  readonly next: string;

  constructor(kind: StoreErrorKind, detail: string, options?: ErrorOptions) {
    const { problem, next } = storeErrors[kind];
    super(`${problem} (${detail}): ${next}`, options);
    this.kind = kind;
    this.problem = problem;
    this.next = next;
  }
}
