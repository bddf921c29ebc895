import { generateKeyPairSync } from "node:crypto";
import {
  type Certificate,
  extendedKeyUsages,
  type Identity,
  type IssueAuthorityOptions,
  type IssueFaults,
  issueIntermediate,
  issueLeaf,
  issueRoot,
  type PathProblemCode,
} from "@rollcall/pki";

/** The presented certificates, the trusted certificate, and the time. */
export interface Chain {
  readonly presented: readonly Certificate[];
  readonly anchor: Certificate;
  readonly now: Date;
}

/** `expect` is "valid", or a problem that must be among the problems found. */
export interface Row {
  readonly name: string;
  readonly expect: PathProblemCode | "valid";
  readonly build: () => Promise<Chain>;
}

export const now = new Date("2026-06-01T12:00:00Z");
const past = { notBefore: new Date("2025-01-01T00:00:00Z"), notAfter: new Date("2026-05-31T00:00:00Z") };
const future = { notBefore: new Date("2026-06-02T00:00:00Z"), notAfter: new Date("2030-01-01T00:00:00Z") };
export const dates = { notBefore: new Date("2026-01-01T00:00:00Z"), notAfter: new Date("2036-01-01T00:00:00Z") };

export type Spec = Partial<IssueAuthorityOptions>;

export interface Plan {
  /** Root first; default a root and one intermediate. */
  readonly cas?: readonly Spec[];
  readonly leaf?: Spec;
  /** The presented certificates, in order: -1 is the leaf, 0 the root, 1 the CA below it. Default: all but the root. */
  readonly send?: readonly number[];
  /** The trusted CA. Default: 0, the root. */
  readonly anchor?: number;
  readonly now?: Date;
}

/** Issues the certificates of a plan, the root first. */
export async function issueAll(plan: Plan): Promise<{ cas: Identity[]; leaf: Identity }> {
  const cas: Identity[] = [];
  for (const [index, spec] of (plan.cas ?? [{}, {}]).entries()) {
    const options = { commonName: index === 0 ? "Root" : `CA ${index}`, ...dates, ...spec };
    const parent = cas.at(-1);
    cas.push(parent ? await issueIntermediate({ ...options, parent }) : await issueRoot(options));
  }
  const parent = cas.at(-1);
  const leaf = await issueLeaf({ commonName: "pump-0042", ...dates, ...plan.leaf, ...(parent && { parent }) });
  return { cas, leaf };
}

/** A chain from a plan. */
export function row(name: string, expect: Row["expect"], plan: Plan = {}): Row {
  return {
    name,
    expect,
    build: async () => {
      const { cas, leaf } = await issueAll(plan);
      const all = (index: number) => (index < 0 ? leaf : cas[index])?.certificate ?? leaf.certificate;
      const send = plan.send ?? [
        -1,
        ...cas
          .map((_, index) => index)
          .slice(1)
          .reverse(),
      ];
      return { presented: send.map(all), anchor: all(plan.anchor ?? 0), now: plan.now ?? now };
    },
  };
}

const faulty = (faults: IssueFaults): Spec => ({ faults });
const depth = (count: number): Spec[] => Array.from({ length: count }, () => ({}));
const newKey = (type: "P-384" | "P-521" | "secp256k1") => generateKeyPairSync("ec", { namedCurve: type }).privateKey;
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const otherRsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const rsaOf = (modulusLength: number) => generateKeyPairSync("rsa", { modulusLength }).privateKey;
const shortRsa = rsaOf(768);
const { any, clientAuth, serverAuth } = extendedKeyUsages;
const unknown = (critical: boolean) =>
  faulty({ extensions: [{ oid: "1.2.3.4.5", critical, value: Buffer.from("0500", "hex") }] });
const critical = (oid: string, value: string) =>
  faulty({ extensions: [{ oid, critical: true, value: Buffer.from(value, "hex") }] });

const plainRows = [
  row("leaf under a root", "valid", { cas: depth(1) }),
  ...[1, 2, 3, 4, 5].map((count) => row(`${count} intermediates`, "valid", { cas: depth(count + 1) })),
  row("root sent too", "valid", { send: [-1, 1, 0] }),
  row("self-signed leaf that is trusted itself", "valid", { cas: [], send: [-1], anchor: -1 }),
  row("leaf that is trusted itself, expired", "expired", { cas: [], send: [-1], anchor: -1, leaf: past }),
  row("order reversed above the leaf", "valid", { cas: depth(4), send: [-1, 0, 1, 2, 3] }),
  row("a certificate sent twice", "valid", { send: [-1, 1, 1, -1, 0] }),
  row("intermediate not sent", "anchorNotReached", { send: [-1] }),
  row("middle intermediate not sent", "anchorNotReached", { cas: depth(4), send: [-1, 3, 1] }),
  row("intermediate not sent but root sent", "anchorNotReached", { send: [-1, 0] }),
  row("anchor is the intermediate, not sent", "valid", { anchor: 1, send: [-1] }),
  row("anchor is the intermediate, sent", "valid", { anchor: 1 }),
  row("anchor is the intermediate, root sent as well", "valid", { anchor: 1, send: [-1, 1, 0] }),
  row("anchor is a middle intermediate", "valid", { cas: depth(4), anchor: 2 }),
  row("anchor is the intermediate; the root above it has expired", "valid", {
    cas: [past, {}],
    anchor: 1,
    send: [-1, 1, 0],
  }),
];

const dateRows = [
  row("leaf expired", "expired", { leaf: past }),
  row("leaf not valid yet", "notYetValid", { leaf: future }),
  row("intermediate expired", "expired", { cas: [{}, past] }),
  row("intermediate not valid yet", "notYetValid", { cas: [{}, future] }),
  row("root expired", "expired", { cas: [past, {}] }),
  row("root not valid yet", "notYetValid", { cas: [future, {}] }),
  row("trusted intermediate expired", "expired", { cas: [{}, past], anchor: 1 }),
  row("at the first second of the leaf", "valid", { leaf: { ...dates, notBefore: now } }),
  row("a second before the leaf", "notYetValid", { leaf: { ...dates, notBefore: new Date(now.getTime() + 1000) } }),
  row("at the last second of the leaf", "expired", { leaf: { ...dates, notAfter: now } }),
  row("a second before the end of the leaf", "valid", { leaf: { ...dates, notAfter: new Date(now.getTime() + 1000) } }),
  row("valid beyond the year 2050", "valid", { leaf: { ...dates, notAfter: new Date("9999-12-31T23:59:59Z") } }),
];

const caRows = [
  row("issued by a device certificate", "notCa", { cas: [{}, faulty({ isCa: false })] }),
  row("issued by a device certificate that may sign by its key usage", "notCa", {
    cas: [{}, faulty({ isCa: false, keyUsage: ["keyCertSign"] })],
  }),
  row("root without the CA bit", "notCa", { cas: [faulty({ isCa: false }), {}] }),
  row("intermediate without basic constraints or key usage", "notCa", {
    cas: [{}, faulty({ basicConstraints: null, keyUsage: null })],
  }),
  row("intermediate without basic constraints, with keyCertSign", "notCa", {
    cas: [{}, faulty({ basicConstraints: null })],
  }),
  row("trusted intermediate without basic constraints, with keyCertSign", "valid", {
    cas: [{}, faulty({ basicConstraints: null })],
    anchor: 1,
  }),
  row("root without basic constraints, with keyCertSign", "valid", { cas: [faulty({ basicConstraints: null }), {}] }),
  row("root without basic constraints or key usage", "notCa", {
    cas: [faulty({ basicConstraints: null, keyUsage: null }), {}],
  }),
  row("intermediate without keyCertSign", "noKeyCertSign", {
    cas: [{}, faulty({ keyUsage: ["cRLSign", "digitalSignature"] })],
  }),
  row("root without keyCertSign", "noKeyCertSign", { cas: [faulty({ keyUsage: ["cRLSign"] }), {}] }),
  row("intermediate without key usage", "valid", { cas: [{}, faulty({ keyUsage: null })] }),
  row("path length just right", "valid", { cas: [{ pathLength: 1 }, { pathLength: 0 }] }),
  row("path length of the root exceeded", "pathLengthExceeded", { cas: [{ pathLength: 0 }, {}] }),
  row("path length of a middle CA exceeded", "pathLengthExceeded", { cas: [{}, { pathLength: 0 }, {}] }),
  row("path length of a trusted intermediate exceeded", "pathLengthExceeded", {
    cas: [{}, { pathLength: 0 }, {}],
    anchor: 1,
  }),
  row("path length exceeded only above the anchor", "valid", { cas: [{ pathLength: 0 }, {}, {}], anchor: 2 }),
  row("self-issued CA does not count for the path length", "valid", {
    cas: [{ pathLength: 1 }, { commonName: "Root" }, {}],
  }),
];

const usageRows = [
  row("leaf for servers only", "wrongExtendedKeyUsage", { leaf: faulty({ extendedKeyUsage: [serverAuth] }) }),
  row("leaf for servers and clients", "valid", { leaf: faulty({ extendedKeyUsage: [serverAuth, clientAuth] }) }),
  row("leaf for any use", "wrongExtendedKeyUsage", { leaf: faulty({ extendedKeyUsage: [any] }) }),
  row("leaf without extended key usage", "valid", { leaf: faulty({ extendedKeyUsage: null }) }),
  row("intermediate for servers only", "wrongExtendedKeyUsage", {
    cas: [{}, faulty({ extendedKeyUsage: [serverAuth] })],
  }),
  row("root for servers only", "wrongExtendedKeyUsage", { cas: [faulty({ extendedKeyUsage: [serverAuth] }), {}] }),
  row("leaf that may only encipher keys", "wrongKeyUsage", { leaf: faulty({ keyUsage: ["keyEncipherment"] }) }),
  row("leaf that may only agree on keys", "valid", { leaf: faulty({ keyUsage: ["keyAgreement"] }) }),
  row("leaf without key usage", "valid", { leaf: faulty({ keyUsage: null }) }),
  row("leaf that is a CA with the usages of a CA", "wrongKeyUsage", {
    leaf: faulty({ isCa: true, keyUsage: ["keyCertSign"] }),
  }),
  row("leaf that is a CA and may sign", "valid", {
    leaf: faulty({ isCa: true, keyUsage: ["keyCertSign", "digitalSignature"] }),
  }),
  row("leaf without basic constraints", "valid", { leaf: faulty({ basicConstraints: null }) }),
  row("leaf with an unknown critical extension", "unknownCriticalExtension", { leaf: unknown(true) }),
  row("leaf with an unknown extension, not critical", "valid", { leaf: unknown(false) }),
  row("intermediate with an unknown critical extension", "unknownCriticalExtension", { cas: [{}, unknown(true)] }),
  row("root with an unknown critical extension", "unknownCriticalExtension", { cas: [unknown(true), {}] }),
  row("critical certificate policies", "valid", { leaf: critical("2.5.29.32", "3006300406022a03") }),
  row("critical issuer alternative name", "unknownCriticalExtension", { leaf: critical("2.5.29.18", "3003820161") }),
  row("leaf with an empty subject", "valid", { leaf: { commonName: "", faults: {} } }),
];

const keyRows = [
  row("RSA throughout", "valid", { cas: [{ key: rsa }, { key: otherRsa }], leaf: { key: rsa } }),
  row("RSA CAs, EC leaf", "valid", { cas: [{ key: rsa }, { key: otherRsa }] }),
  row("EC root, RSA intermediate, EC leaf", "valid", { cas: [{}, { key: rsa }] }),
  row("P-384 root, P-521 intermediate", "valid", { cas: [{ key: newKey("P-384") }, { key: newKey("P-521") }] }),
  row("RSA leaf of 912 bits, 79 bits of security", "weakKey", { leaf: { key: rsaOf(912) } }),
  row("RSA leaf of 920 bits, 80 bits of security", "valid", { leaf: { key: rsaOf(920) } }),
  row("RSA leaf of 768 bits", "weakKey", { leaf: { key: shortRsa } }),
  row("RSA intermediate of 768 bits", "weakKey", { cas: [{}, { key: shortRsa }] }),
  row("without key identifiers", "valid", {
    cas: [faulty({ keyIdentifiers: false }), faulty({ keyIdentifiers: false })],
    leaf: faulty({ keyIdentifiers: false }),
  }),
];

/** Valid and invalid chains that our own issuer makes. */
export const issuedRows: readonly Row[] = [...plainRows, ...dateRows, ...caRows, ...usageRows, ...keyRows];
