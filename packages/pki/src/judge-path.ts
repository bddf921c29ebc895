import type { Certificate } from "./certificate.js";
import { isNamedIssuer } from "./issued-by.js";
import { judgeElement, judgeIssuer } from "./judge-element.js";
import { judgeLink, keyIdMismatch } from "./judge-link.js";
import { judgeNames } from "./name-constraints.js";
import { nothingPresented, type PathProblem, pathElement } from "./path-problem.js";
import { signatureVerifies } from "./signature.js";

export interface JudgePathOptions {
  /** Leaf first, as buildPath gives it; may end below the anchor, at it, or beyond it. */
  readonly path: readonly Certificate[];
  /** A trusted root, or a trusted intermediate: nothing above it is checked then. */
  readonly anchor: Certificate;
  readonly now: Date;
  /** Whether the leaf must be allowed to authenticate a client. Default true. */
  readonly clientAuth?: boolean;
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
  const { anchor, now, clientAuth = true } = options;
  if (options.path.length === 0) return [nothingPresented];
  const path = upToAnchor(options.path, anchor);
  const problems: PathProblem[] = [];
  let intermediates = 0;
  path.forEach((certificate, index) => {
    const element = () => pathElement(certificate, index);
    const report = (problem: Omit<PathProblem, "element">) => problems.push({ ...problem, element: element() });
    for (const problem of judgeElement(certificate, { now, clientAuth, isLeaf: index === 0 })) report(problem);
    const parent = path[index + 1];
    const context = { below: intermediates, isLast: parent === undefined };
    if (index > 0) for (const problem of judgeIssuer(certificate, context)) report(problem);
    if (parent) for (const problem of judgeLink(certificate, parent)) report(problem);
    if (index > 0 && !certificate.isSelfIssued) intermediates++;
  });
  problems.push(...judgeNames(path));
  const last = path.at(-1);
  if (last && !isSame(last, anchor)) problems.push(...judgeEnd(last, path.length - 1, anchor));
  return problems;
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
function upToAnchor(path: readonly Certificate[], anchor: Certificate): readonly Certificate[] {
  const itself = path.findIndex((certificate) => isSame(certificate, anchor));
  const named = path.flatMap((certificate, index) => (isNamedIssuer(certificate, anchor) ? [index] : []));
  // The path may contain a look-alike of the anchor: prefer the certificate that the anchor really signed.
  const below = named.find((index) => path[index] && signatureVerifies(path[index], anchor)) ?? named[0];
  if (itself >= 0 && (below === undefined || itself <= below)) return path.slice(0, itself + 1);
  if (below === undefined) return path;
  return [...path.slice(0, below + 1), anchor];
}

function isSame(a: Certificate, b: Certificate): boolean {
  return a === b || a.der.equals(b.der);
}
