import type { Certificate } from "./certificate.js";
import { canonicalName } from "./distinguished-name.js";
import type { NameConstraints, NameSubtree } from "./extensions.js";
import type { GeneralName } from "./general-name.js";
import { commonNameOid, emailAddressOid } from "./oids.js";
import { type PathElement, type PathProblem, pathElement } from "./path-problem.js";
import type { Work } from "./work.js";

/** OpenSSL's NAME_CHECK_MAX (crypto/x509/v3_ncons.c): names times constraints of one certificate and one CA above it. */
const largestProduct = 2 ** 20;

/** Forbidden names that a problem tells; there may be thousands. */
const namesTold = 3;

/**
 * Problems of names that a CA above forbids (RFC 5280 section 4.2.1.10), as OpenSSL's v3_ncons.c finds them:
 * self-issued CA certificates are exempt, and a CN that looks like a host name counts as one when the leaf has no DNS
 * names. `proved` says whether all signatures are good; if not, nothing is compared.
 */
export function judgeNames(path: readonly Certificate[], proved: boolean, work: Work): PathProblem[] {
  // Hardly any CA has constraints: skip the work below without them.
  const constrained = path.findIndex((certificate) => certificate.extensions.nameConstraints);
  if (constrained < 0) return [];
  if (!proved) return [notCompared(path, constrained, "the links of the chain are not all good")];
  return path.flatMap((certificate, index) => {
    if (index > 0 && index < path.length - 1 && certificate.isSelfIssued) return [];
    const above = path.slice(index + 1).filter((issuer) => issuer.extensions.nameConstraints);
    if (above.length === 0) return [];
    const names = namesOf(certificate, index === 0);
    return above.flatMap((issuer) => judgePair(names, issuer, { element: pathElement(certificate, index), work }));
  });
}

function notCompared(path: readonly Certificate[], index: number, reason: string): PathProblem {
  const expected = "names compared with the name constraints";
  return { code: "notChecked", element: pathElement(path[index], index), expected, got: reason };
}

/** The names of one certificate and the constraints of one CA above it. */
function judgePair(
  names: readonly ComparedName[],
  issuer: Certificate,
  { element, work }: { readonly element: PathElement; readonly work: Work },
): PathProblem[] {
  const { permitted, excluded } = issuer.extensions.nameConstraints ?? { permitted: [], excluded: [] };
  const product = names.length * (permitted.length + excluded.length);
  if (product > largestProduct) {
    return [{ code: "tooManyNames", element, expected: `at most ${largestProduct} comparisons`, got: `${product}` }];
  }
  const reason = work.comparisons(product);
  if (reason !== undefined) {
    return [{ code: "notChecked", element, expected: `names that ${issuer.subject} allows`, got: reason }];
  }
  const expected = () => `names that ${issuer.subject} allows: ${constraintText(permitted, excluded)}`;
  return violations(names, { permitted, excluded }).map(({ name }) => ({
    code: "nameConstraintViolated",
    element,
    expected: expected(),
    got: `${name.kind} ${name.value}`,
  }));
}

/** A name or the base of a constraint, with the form in which it is compared. */
interface ComparedName {
  readonly name: GeneralName;
  /** Of a directory name. */
  readonly relative: readonly string[];
  /** Of texts. */
  readonly lower: string;
}

function compared(name: GeneralName): ComparedName {
  return {
    name,
    relative: name.kind === "directory" ? canonicalName(name.names) : [],
    lower: name.value.toLowerCase(),
  };
}

function namesOf(certificate: Certificate, isLeaf: boolean): ComparedName[] {
  const names: GeneralName[] = [...certificate.subjectAltNames];
  const attributes = certificate.subjectNames.flat();
  if (attributes.length > 0) {
    names.push({ kind: "directory", value: certificate.subject, names: certificate.subjectNames });
  }
  let hasHost = names.some(({ kind }) => kind === "dns");
  for (const { oid, text } of attributes) {
    if (text === undefined) continue;
    if (oid === emailAddressOid) names.push({ kind: "email", value: text });
    if (!isLeaf || hasHost || oid !== commonNameOid || !looksLikeHostName(text)) continue;
    names.push({ kind: "dns", value: text });
    hasHost = true;
  }
  return names.map(compared);
}

/** At least two labels: OpenSSL's cn2dnsid, so that a CN such as `pump-0042` is not a host name. */
function looksLikeHostName(text: string): boolean {
  return /^[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)+\.?$/.test(
    text,
  );
}

interface ComparedTree extends ComparedName {
  readonly bounded: boolean;
}

function violations(names: readonly ComparedName[], { permitted, excluded }: NameConstraints): ComparedName[] {
  const allowedOf = byKind(permitted);
  const deniedOf = byKind(excluded);
  const found: ComparedName[] = [];
  for (const name of names) {
    const allowed = allowedOf.get(name.name.kind) ?? [];
    const denied = deniedOf.get(name.name.kind) ?? [];
    if (isForbidden(name, allowed, denied)) found.push(name);
    if (found.length === namesTold) break;
  }
  return found;
}

function isForbidden(name: ComparedName, allowed: readonly ComparedTree[], denied: readonly ComparedTree[]): boolean {
  const isUnsupported = (tree: ComparedTree) => tree.bounded || name.name.kind === "other";
  if (allowed.some(isUnsupported) || denied.some(isUnsupported)) return true;
  const within = (tree: ComparedTree) => isWithin(name, tree);
  return (allowed.length > 0 && !allowed.some(within)) || denied.some(within);
}

function byKind(subtrees: readonly NameSubtree[]): ReadonlyMap<GeneralName["kind"], readonly ComparedTree[]> {
  const kinds = new Map<GeneralName["kind"], ComparedTree[]>();
  for (const { base, bounded } of subtrees) {
    const list = kinds.get(base.kind);
    const tree = { ...compared(base), bounded };
    if (list) list.push(tree);
    else kinds.set(base.kind, [tree]);
  }
  return kinds;
}

function isWithin(name: ComparedName, base: ComparedName): boolean {
  const [inner, outer] = [name.name, base.name];
  if (inner.kind === "directory") return base.relative.every((part, index) => part === name.relative[index]);
  if (inner.kind === "ip") return outer.kind === "ip" && isAddressWithin(inner.bytes, outer.bytes);
  if (inner.kind === "dns") return isHostWithin(name.lower, base.lower);
  if (inner.kind === "email") return isMailWithin(inner.value, outer.value);
  return inner.kind === "uri" && isUriWithin(inner.value, outer.value);
}

function isAddressWithin(address: Buffer, range: Buffer): boolean {
  if (range.length !== address.length * 2) return false;
  return address.every((byte, index) => {
    const mask = range[address.length + index] ?? 0;
    return (byte & mask) === ((range[index] ?? 0) & mask);
  });
}

/**
 * A host is within a domain when it is the domain or ends with it at a label; an empty domain contains every host. Both
 * in lower case.
 */
function isHostWithin(name: string, base: string): boolean {
  if (base === "" || name === base) return true;
  return name.endsWith(base) && (base.startsWith(".") || name.at(-base.length - 1) === ".");
}

function isMailWithin(address: string, base: string): boolean {
  const at = address.lastIndexOf("@");
  if (at < 0) return false;
  const host = address.slice(at + 1).toLowerCase();
  const baseAt = base.lastIndexOf("@");
  if (baseAt > 0)
    return address.slice(0, at) === base.slice(0, baseAt) && host === base.slice(baseAt + 1).toLowerCase();
  const domain = base.slice(baseAt + 1).toLowerCase();
  return domain.startsWith(".") ? host.endsWith(domain) : host === domain;
}

function isUriWithin(uri: string, base: string): boolean {
  const host = /^[^:]+:\/\/(?:[^/@]*@)?([^/:]+)/.exec(uri)?.[1]?.toLowerCase();
  if (!host) return false;
  const domain = base.toLowerCase();
  return domain.startsWith(".") ? host.endsWith(domain) : host === domain;
}

/** How many constraints a problem tells. */
const constraintsTold = 8;

function constraintText(permitted: readonly NameSubtree[], excluded: readonly NameSubtree[]): string {
  const texts = [
    ...permitted.slice(0, constraintsTold).map(({ base }) => `${base.kind} ${base.value}`),
    ...excluded.slice(0, constraintsTold).map(({ base }) => `not ${base.kind} ${base.value}`),
  ];
  const more = permitted.length + excluded.length - texts.length;
  return more > 0 ? `${texts.join(", ")} and ${more} more` : texts.join(", ");
}
