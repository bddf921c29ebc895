import { setImmediate } from "node:timers/promises";
import {
  type Certificate,
  type CertificateCache,
  CertificateError,
  type JudgedProof,
  judgeProof,
  type PathProblem,
  problemsAt,
} from "@rollcall/pki";
import { type ClientConnection, type Finding, finding, limits } from "@rollcall/protocol";
import type { Clock } from "../../records/ports.js";
import { type CountWork, type Take, tokenBucket, type WorkBudget, workBudget } from "./work-budget.js";

/** The certificates of a handshake, read. The list is empty, with findings, when the certificates cannot be used. */
export interface Presented {
  readonly certificates: readonly Certificate[];
  readonly findings: readonly Finding[];
}

/** The certificates that a connection presented, read and judged once, however many requests follow. */
export interface ConnectionProof extends WorkBudget {
  /** Waits until a request may be judged, so that a connection with many simultaneous requests does not block others. */
  turn(): Promise<void>;
  readonly presented: Presented;
  /** All problems of a path up to an enrolled certificate at this moment; the path is one of `presented`. */
  judge(path: readonly Certificate[], anchor: Certificate, now: Date): readonly PathProblem[];
  /**
   * Remembers the CA certificates of a path for other connections: they were proved to be enrolled, or under one that
   * is.
   */
  keep(path: readonly Certificate[]): void;
}

export interface ConnectionProofs {
  of(connection: ClientConnection): ConnectionProof;
}

/** Makes the proofs of all connections, which share one budget for what is dear. */
export function connectionProofs(options: {
  readonly clock: Clock;
  readonly certificates: CertificateCache;
  readonly count: CountWork;
}): ConnectionProofs {
  const { perSecond, burst } = limits.chainWork;
  const shared = tokenBucket({ perSecond, burst, clock: options.clock });
  const known = new WeakMap<ClientConnection, ConnectionProof>();
  return {
    of(connection) {
      const found = known.get(connection);
      if (found) return found;
      const made = connectionProof(connection, { ...options, shared });
      known.set(connection, made);
      return made;
    },
  };
}

/** Requests of one connection that are judged in one turn of the event loop. An ordinary device has fewer in all. */
const REQUESTS_A_TURN = 4;

/** Milliseconds after which a chain that was not judged whole is judged again: there may be a budget for it by then. */
const AGAIN_AFTER = 1000;

interface Means {
  readonly certificates: CertificateCache;
  readonly count: CountWork;
  readonly shared: Take;
}

function connectionProof(connection: ClientConnection, means: Means): ConnectionProof {
  const budget = workBudget(means.shared, means.count);
  const judged = new Map<string, { readonly proof: JudgedProof; readonly until: number }>();
  let presented: Presented | undefined;
  let asked = 0;
  let turns: Promise<void> = Promise.resolve();
  return {
    ...budget,
    turn() {
      asked++;
      if (asked % REQUESTS_A_TURN === 0) turns = turns.then(() => setImmediate());
      return turns;
    },
    get presented() {
      presented ??= readPresented(connection.presented(), budget, means);
      return presented;
    },
    judge(path, anchor, now) {
      const key = [...path, anchor].map((certificate) => certificate.sha256).join();
      const known = judged.get(key);
      if (known && now.getTime() < known.until) return problemsAt(known.proof, now);
      const proof = judgeProof({ path, anchor, work: budget.straight() });
      const isOpen = proof.problems.some((each) => each.code === "notChecked");
      judged.set(key, { proof, until: isOpen ? now.getTime() + AGAIN_AFTER : Number.POSITIVE_INFINITY });
      return problemsAt(proof, now);
    },
    keep(path) {
      for (const certificate of path.slice(1)) means.certificates.keep(certificate);
    },
  };
}

/** Microseconds that reading a byte of a certificate takes. */
const READING = 0.1;

function readPresented(ders: readonly Uint8Array[], budget: WorkBudget, { certificates, count }: Means): Presented {
  if (ders.length === 0) {
    return {
      certificates: [],
      findings: [finding("certificate.missing", { expected: "a client certificate", got: "none" })],
    };
  }
  const looked = ders.slice(0, limits.chainLength);
  const findings = ders.length > limits.chainLength ? [tooLong(ders.length)] : [];
  const bytes = looked.reduce((sum, der) => sum + der.byteLength, 0);
  const reason = bytes > limits.chainWork.straightBytes ? budget.spend(bytes * READING) : undefined;
  if (reason !== undefined) {
    const values = { what: `certificates of ${bytes} bytes`, reason };
    return { certificates: [], findings: [...findings, finding("chain.notChecked", { values, got: reason })] };
  }
  count({ kind: "certificates", count: looked.length });
  try {
    return { certificates: looked.map((der) => certificates.look(der)), findings };
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    const malformed = finding("certificate.malformed", { values: { reason: error.message } });
    return { certificates: [], findings: [...findings, malformed] };
  }
}

function tooLong(count: number): Finding {
  return finding("chain.tooLong", {
    values: { count },
    expected: `at most ${limits.chainLength} certificates`,
    got: String(count),
  });
}
