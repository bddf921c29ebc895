import type { Certificate } from "./certificate.js";
import { isNamedIssuer } from "./issued-by.js";
import { judgeDates, judgeElement, judgeIssuer } from "./judge-element.js";
import { judgeLink, keyIdMismatch } from "./judge-link.js";
import { judgeNames } from "./name-constraints.js";
import { nothingPresented, type PathProblem, pathElement } from "./path-problem.js";
import { checkSignature } from "./signature.js";
import { unlimitedWork, type Work } from "./work.js";

export interface JudgeProofOptions {
  /** Leaf first, as buildPath gives it; may end below the anchor, at it, or beyond it. */
  readonly path: readonly Certificate[];
  /** A trusted root, or a trusted intermediate: nothing above it is checked then. */
  readonly anchor: Certificate;
  /** Whether the leaf must be allowed to authenticate a client. Default true. */
  readonly clientAuth?: boolean;
  /** Default: all work may be done. */
  readonly work?: Work;
}

export interface JudgePathOptions extends JudgeProofOptions {
  readonly now: Date;
}

/** What does not change with time in the judgement of a path. */
export interface JudgedProof {
  /** Leaf first; ends with the anchor if the path leads to it. */
  readonly path: readonly Certificate[];
  readonly problems: readonly PathProblem[];
}

/**
 * All problems of a path up to a trusted certificate, leaf first; empty for a good path. The verdict is that of
 * `openssl verify -partial_chain -purpose sslclient -auth_level 1 -CAfile anchor -untrusted rest leaf`
 * (test/integration/chains-vs-openssl.test.ts): the anchor too must be valid and a CA. Revocation is not checked.
 * Costs one signature check (60 us on P-256) per pair of certificate objects, so take CA certificates from a
 * certificateCache.
 * Never throws.
 */
export function judgePath(options: JudgePathOptions): PathProblem[] {
  return problemsAt(judgeProof(options), options.now);
}

/**
 * The problems of a path that do not depend on the time. Signatures are checked from the anchor down, so that a key is
 * known to be under the anchor before it is used, and names are compared only in a chain whose signatures are good:
 * a stranger decides how much there is to compare. Whatever `work` did not allow is a problem `notChecked`. Never throws.
 */
export function judgeProof(options: JudgeProofOptions): JudgedProof {
  const { anchor, clientAuth = true, work = unlimitedWork } = options;
  if (options.path.length === 0) return { path: [], problems: [nothingPresented] };
  const path = upToAnchor(options.path, anchor, work);
  const issuers = judgeIssuers(path);
  const links = judgeLinks(path, issuers, { work, proved: isSame(path.at(-1), anchor) });
  const problems: PathProblem[] = [];
  for (const [index, certificate] of path.entries()) {
    const own = judgeElement(certificate, { clientAuth, isLeaf: index === 0 });
    for (const found of [own, issuers[index], links.problems[index]]) {
      for (const problem of found ?? []) problems.push({ ...problem, element: pathElement(certificate, index) });
    }
  }
  problems.push(...judgeNames(path, links.proved, work));
  const last = path.at(-1);
  if (last && !isSame(last, anchor)) problems.push(...judgeEnd(last, path.length - 1, anchor));
  return { path, problems };
}

/** The problems of a judged path at one moment, those of the leaf first. */
export function problemsAt({ path, problems }: JudgedProof, now: Date): PathProblem[] {
  const dates = path.flatMap((certificate, index) =>
    judgeDates(certificate, now).map((problem) => ({ ...problem, element: pathElement(certificate, index) })),
  );
  if (dates.length === 0) return [...problems];
  return [...dates, ...problems].toSorted((a, b) => a.element.index - b.element.index);
}

type Complaint = Omit<PathProblem, "element">;

/** The problems of each certificate as an issuer; the leaf has none. */
function judgeIssuers(path: readonly Certificate[]): readonly (readonly Complaint[])[] {
  let below = 0;
  return path.map((certificate, index) => {
    if (index === 0) return [];
    const problems = judgeIssuer(certificate, { below, isLast: index === path.length - 1 });
    if (!certificate.isSelfIssued) below++;
    return problems;
  });
}

/**
 * The problems of each link, by the index of its lower certificate, and whether all links are good. A certificate that
 * may not issue proves nothing, though its signature is good: the owner of one device has such a key.
 */
function judgeLinks(
  path: readonly Certificate[],
  issuers: readonly (readonly Complaint[])[],
  { work, proved: reachesAnchor }: { readonly work: Work; readonly proved: boolean },
): { readonly problems: readonly (readonly Complaint[])[]; readonly proved: boolean } {
  const problems: (readonly Complaint[])[] = [];
  let proved = reachesAnchor;
  for (let index = path.length - 2; index >= 0; index--) {
    const [child, parent] = [path[index], path[index + 1]];
    if (!child || !parent) continue;
    proved &&= issuers[index + 1]?.length === 0;
    const found = judgeLink(child, parent, { work, proved });
    problems[index] = found;
    proved &&= found.length === 0;
  }
  return { problems, proved };
}

/** The problems of a path that does not lead to the anchor. When only the key differs, that problem comes first. */
function judgeEnd(last: Certificate, index: number, anchor: Certificate): PathProblem[] {
  const element = pathElement(last, index);
  const got = `a chain that ends at ${last.subject}, issued by ${last.issuer}`;
  const end: PathProblem = { code: "anchorNotReached", element, expected: `a chain to ${anchor.subject}`, got };
  if (!last.hasIssuerNamed(anchor) || last.isSelfIssued) return [end];
  return [{ ...keyIdMismatch(last, anchor), element }, end];
}

/**
 * The path cut or extended so that it ends with the anchor, if the anchor is in the path or issued a certificate of it.
 */
function upToAnchor(path: readonly Certificate[], anchor: Certificate, work: Work): readonly Certificate[] {
  const itself = path.findIndex((certificate) => isSame(certificate, anchor));
  const named = path.flatMap((certificate, index) => (isNamedIssuer(certificate, anchor) ? [index] : []));
  const below = named.length < 2 ? named[0] : (signedBy(anchor, path, named, work) ?? named[0]);
  if (itself >= 0 && (below === undefined || itself <= below)) return path.slice(0, itself + 1);
  if (below === undefined) return path;
  return [...path.slice(0, below + 1), anchor];
}

/** The path may contain a look-alike of the anchor: prefers the certificate that the anchor really signed. */
function signedBy(
  anchor: Certificate,
  path: readonly Certificate[],
  named: readonly number[],
  work: Work,
): number | undefined {
  return named.find((index) => path[index] && checkSignature(path[index], anchor, { work, proved: true }) === true);
}

function isSame(a: Certificate | undefined, b: Certificate): boolean {
  return a === b || a?.der.equals(b.der) === true;
}
