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
  /** A trusted root, or a trusted intermediate: then nothing above it is looked at. */
  readonly anchor: Certificate;
  readonly now: Date;
  /** Whether the leaf must be allowed to authenticate a client. Default true. */
  readonly clientAuth?: boolean;
}

/**
 * Everything that is wrong with a path up to a trusted certificate, leaf first; empty when nothing is. The verdict is that
 * of `openssl verify -partial_chain -purpose sslclient -auth_level 1 -CAfile anchor -untrusted rest leaf`
 * (test/integration/chains-vs-openssl.test.ts): the anchor too must be valid and a CA. Nothing is revoked here.
 * One signature check (60 us on P-256) per pair of certificate objects, so take CA certificates from a certificateCache.
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

/** The path does not lead to the anchor; when it is only the key that differs, that is said first. */
function judgeEnd(last: Certificate, index: number, anchor: Certificate): PathProblem[] {
  const element = pathElement(last, index);
  const got = `a chain that ends at ${last.subject}, issued by ${last.issuer}`;
  const end: PathProblem = { code: "anchorNotReached", element, expected: `a chain to ${anchor.subject}`, got };
  if (!last.hasIssuerNamed(anchor) || last.isSelfIssued) return [end];
  return [{ ...keyIdMismatch(last, anchor), element }, end];
}

/** The path cut or completed so that it ends with the anchor, where the anchor is in it or issued one of it. */
function upToAnchor(path: readonly Certificate[], anchor: Certificate): readonly Certificate[] {
  const itself = path.findIndex((certificate) => isSame(certificate, anchor));
  const named = path.flatMap((certificate, index) => (isNamedIssuer(certificate, anchor) ? [index] : []));
  // A look-alike of the anchor may be in the path: the element that the anchor really signed is the one below it.
  const below = named.find((index) => path[index] && signatureVerifies(path[index], anchor)) ?? named[0];
  if (itself >= 0 && (below === undefined || itself <= below)) return path.slice(0, itself + 1);
  if (below === undefined) return path;
  return [...path.slice(0, below + 1), anchor];
}

function isSame(a: Certificate, b: Certificate): boolean {
  return a === b || a.der.equals(b.der);
}
