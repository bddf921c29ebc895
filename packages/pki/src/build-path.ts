import type { Certificate } from "./certificate.js";
import { checkSelfSigned, isNamedIssuer, keyIdsAgree } from "./issued-by.js";
import { nothingPresented, type PathProblem, pathElement } from "./path-problem.js";
import { checkSignature } from "./signature.js";
import { notingWork, unlimitedWork, type Work } from "./work.js";

/**
 * How many presented certificates are examined: a stranger may send hundreds of look-alikes, and each costs a signature
 * check.
 */
const presentedLimit = 20;

export interface BuildPathOptions {
  /** Certificates above the leaf. Default 6. */
  readonly maxDepth?: number;
  /** Prefers, among several certificates of one CA, a certificate that is valid now. */
  readonly now?: Date;
  /**
   * Default: all work may be done. Where a signature was not checked, names, key identifiers and dates decide, and
   * `notChecked` says so.
   */
  readonly work?: Work;
}

export interface BuiltPath {
  /** Leaf first. Empty only when nothing was presented. */
  readonly path: Certificate[];
  /** Presented certificates that are not part of the path. */
  readonly unused: Certificate[];
  /**
   * Whether the sender presented the path's certificates in a different order. Unused certificates in between do not
   * count.
   */
  readonly reordered: boolean;
  readonly problems: PathProblem[];
  /** Why signatures that would have told candidates apart were not checked; absent when the path does not depend on any. */
  readonly notChecked?: string;
}

/**
 * The path from `presented[0]` upward among exactly the certificates that were presented, in whatever order they came.
 * It judges nothing: if only a certificate with the right name and the wrong key was sent, that certificate is in the
 * path, so that judgePath can report it. A self-signed certificate ends the path. Never throws.
 * Where CAs share a name and carry no key identifiers, OpenSSL takes the first and may refuse a good chain; this
 * function finds the signer. For 1,200 random chains without such CAs, the verdicts were OpenSSL's.
 */
export function buildPath(presented: readonly Certificate[], options: BuildPathOptions = {}): BuiltPath {
  const [leaf] = presented;
  if (!leaf) return { path: [], unused: [], reordered: false, problems: [nothingPresented] };
  const considered = presented.slice(0, presentedLimit);
  const path = [leaf];
  const problems: PathProblem[] = [];
  if (presented.length > presentedLimit) problems.push(tooMany(leaf, presented.length));

  const work = notingWork(options.work ?? unlimitedWork);
  const choice: Choice = { now: options.now, work, maxDepth: options.maxDepth ?? 6 };
  const problem = climb(path, considered, choice);
  if (problem) problems.push(problem);
  const used = new Set(path);
  const unused = presented.filter((certificate) => !used.has(certificate));
  const open = work.reason === undefined ? {} : { notChecked: work.reason };
  return { path, unused, reordered: isReordered(presented, path), problems, ...open };
}

/** Adds issuers to the path until there is no other. Returns the problem that ended it, if one did. */
function climb(path: Certificate[], considered: readonly Certificate[], choice: Choice): PathProblem | undefined {
  for (let current = path.at(-1); current; current = path.at(-1)) {
    const child = current;
    const named = considered.filter((each) => !each.der.equals(child.der) && child.hasIssuerNamed(each));
    // A signature is checked only where another certificate could follow.
    if (named.length === 0 || checkSelfSigned(child, choice.work) === true) return undefined;
    const fresh = named.filter((candidate) => !path.some((used) => used.der.equals(candidate.der)));
    const issuer = chooseIssuer(child, fresh, choice);
    if (!issuer) {
      const isCircle = named.some((candidate) => isNamedIssuer(child, candidate));
      return isCircle ? loop(child, path.length - 1) : undefined;
    }
    if (path.length > choice.maxDepth) return tooDeep(child, path.length - 1, choice.maxDepth);
    path.push(issuer);
  }
  return undefined;
}

interface Choice {
  readonly now: Date | undefined;
  readonly work: Work;
  readonly maxDepth: number;
}

/**
 * Among certificates with the same name, chooses the signer. Among several signers (a renewed CA), chooses a valid
 * certificate, else the certificate that expires last.
 */
function chooseIssuer(
  child: Certificate,
  candidates: readonly Certificate[],
  { now, work }: Choice,
): Certificate | undefined {
  const distinct = candidates.filter(
    (each, index) => candidates.findIndex((one) => one.der.equals(each.der)) === index,
  );
  if (distinct.length < 2) return distinct[0];
  const agreeing = distinct.filter((candidate) => keyIdsAgree(child, candidate));
  const signers =
    agreeing.length < 2
      ? agreeing
      : agreeing.filter((candidate) => checkSignature(child, candidate, { work, proved: false }) === true);
  const best = [signers, agreeing, distinct].find((list) => list.length > 0) ?? [];
  const valid = now ? best.filter((candidate) => candidate.notBefore <= now && now < candidate.notAfter) : [];
  if (valid[0]) return valid[0];
  return best.reduce((left, right) => (right.notAfter > left.notAfter ? right : left));
}

function isReordered(presented: readonly Certificate[], path: readonly Certificate[]): boolean {
  const positions = path.map((certificate) => presented.indexOf(certificate));
  return positions.some((position, index) => index > 0 && position < (positions[index - 1] ?? 0));
}

function tooMany(leaf: Certificate, count: number): PathProblem {
  return {
    code: "tooMany",
    element: pathElement(leaf, 0),
    expected: `at most ${presentedLimit} certificates`,
    got: `${count}`,
  };
}

function tooDeep(last: Certificate, index: number, maxDepth: number): PathProblem {
  return {
    code: "tooDeep",
    element: pathElement(last, index),
    expected: `at most ${maxDepth} certificates above the leaf`,
    got: "more",
  };
}

function loop(last: Certificate, index: number): PathProblem {
  return {
    code: "loop",
    element: pathElement(last, index),
    expected: "an issuer that is not below it in the chain",
    got: `issued by ${last.issuer}, which it issued itself`,
  };
}
