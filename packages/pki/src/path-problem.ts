import type { Certificate } from "./certificate.js";

/** The problems of a chain: one row per code, with its text. */
export const pathProblems = {
  noCertificate: "no certificate was presented",
  tooMany: "more certificates were presented than are examined",
  tooDeep: "the chain is longer than allowed",
  loop: "the certificates issue one another in a circle",
  anchorNotReached: "the chain does not lead to the trusted certificate",
  issuerMismatch: "the issuer is not the subject of the certificate above",
  keyIdMismatch: "the authority key identifier does not match the certificate above",
  signatureInvalid: "the signature was not made by the key of the certificate above",
  weakSignature: "the signature algorithm is no longer secure",
  unsupportedSignature: "the signature algorithm is not supported",
  weakKey: "the key is too short",
  keyTooLarge: "the key is larger than the keys that are used",
  explicitCurve: "the elliptic curve is given by numbers instead of by name",
  expired: "the certificate has expired",
  notYetValid: "the certificate is not valid yet",
  notCa: "the certificate issued another but is not a CA",
  noKeyCertSign: "the key usage of the issuer does not allow signing certificates",
  pathLengthExceeded: "more CA certificates follow than the path length allows",
  unknownCriticalExtension: "a critical extension is not understood",
  wrongKeyUsage: "the key usage does not allow client authentication",
  wrongExtendedKeyUsage: "the extended key usage does not include client authentication",
  nameConstraintViolated: "a CA above does not allow this name",
  tooManyNames: "there are more names and name constraints than are compared",
  notChecked: "something was not checked",
} as const satisfies Record<string, string>;

export type PathProblemCode = keyof typeof pathProblems;

/** The place of a certificate in a path: index 0 is the leaf; a `root` is a self-issued certificate above it. */
export interface PathElement {
  readonly kind: "leaf" | "intermediate" | "root";
  readonly index: number;
  readonly subject: string;
}

export interface PathProblem {
  readonly code: PathProblemCode;
  readonly element: PathElement;
  readonly expected: string;
  readonly got: string;
}

/** Names the certificate at `index` of a path. */
export function pathElement(certificate: Certificate | undefined, index: number): PathElement {
  const subject = certificate?.subject ?? "";
  if (index === 0) return { kind: "leaf", index, subject };
  return { kind: certificate?.isSelfIssued ? "root" : "intermediate", index, subject };
}

/** The problem of an empty path. */
export const nothingPresented: PathProblem = {
  code: "noCertificate",
  element: { kind: "leaf", index: 0, subject: "" },
  expected: "a client certificate",
  got: "none",
};
