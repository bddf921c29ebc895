import type { AttestationBody, AttestationKind, EnrolledX509, EnrollmentKind, X509Body } from "@rollcall/protocol";
import { attestationKinds, isAttestationKind } from "@rollcall/protocol/attestation-kinds";
import type { Attestation } from "../api/enrollments.js";
import type { Choice } from "./choices.js";
import { type Credentials, type Faults, unusableFile } from "./draft.js";
import type { NewCredential, Slot, Way } from "./roll.js";
import { compact } from "./words.js";

/** What the forms know of one kind of attestation. */
interface Mechanism {
  /** What the kind means, of one device and of a group; absent where a group cannot have it. */
  readonly hint: { readonly individual: string; readonly group?: string };
  /** What is plainly missing or unreadable. */
  readonly check: (kind: EnrollmentKind, form: Credentials) => Faults;
  /** The credentials of a form, as the service takes them. */
  readonly fromForm: (kind: EnrollmentKind, form: Credentials) => AttestationBody;
  /** What is replaced when a credential is rolled. */
  readonly way: (current: Attestation) => Way;
  /** The mechanism with one credential replaced and the other as it is. */
  readonly rolled: (current: Attestation, slot: Slot, credential: NewCredential) => AttestationBody;
  /** More exact than its name, in a list. */
  readonly remark?: (current: Attestation) => string | undefined;
}

/** Where a file cannot be used the field itself says why, instead of this. */
export const stillRead = "The file is still being read: try again in a moment.";

/** One row for each kind, in the order in which they are offered. */
export const mechanisms: Readonly<Record<AttestationKind, Mechanism>> = {
  x509: {
    hint: {
      individual: "The device has a certificate of its own.",
      group: "All devices with a certificate of one authority.",
    },
    check: checkCertificates,
    fromForm: certificatesOf,
    way: ({ x509 }) => (x509?.caReferences ? "reference" : "certificate"),
    rolled: (current, slot, credential) => ({
      type: "x509",
      x509: rolledX509(current.x509 ?? {}, slot, credential),
    }),
    remark: ({ x509 }) => (x509?.caReferences ? "X.509, by reference to a CA" : undefined),
  },
  tpm: {
    hint: { individual: "The device holds its endorsement key in a TPM." },
    check: (_kind, { endorsementKey }) =>
      endorsementKey.trim() === "" ? { endorsementKey: "The endorsement key is missing." } : {},
    fromForm: (_kind, { endorsementKey }) => ({ type: "tpm", tpm: { endorsementKey: endorsementKey.trim() } }),
    way: () => "endorsement key",
    // The storage root key belongs to the TPM of the old endorsement key.
    rolled: (_current, _slot, credential) => ({ type: "tpm", tpm: { endorsementKey: credential } }),
  },
  symmetricKey: {
    hint: {
      individual: "The device and the service share a key.",
      group: "Each device's key is derived from the group's.",
    },
    check: (_kind, form) => checkKeys(form),
    fromForm: (_kind, form) => keysOf(form),
    way: () => "key",
    // An enrollment as it is read holds no keys: `current` has to be the answer of attestationmechanism, which does.
    rolled: (current, slot, credential) => ({
      type: "symmetricKey",
      symmetricKey: { ...current.symmetricKey, [slot === "primary" ? "primaryKey" : "secondaryKey"]: credential },
    }),
  },
};

/** What a kind is called, at the start of a line. */
export function mechanismName(kind: AttestationKind): string {
  const { name } = attestationKinds[kind];
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

/** An attestation as the service answers it, in words. */
export function mechanismText(attestation: Attestation): string {
  const { type } = attestation;
  if (!isAttestationKind(type)) return "None";
  return mechanisms[type].remark?.(attestation) ?? mechanismName(type);
}

/** What is replaced when a credential of this attestation is rolled. */
export const wayOf = (current: Attestation): Way =>
  isAttestationKind(current.type) ? mechanisms[current.type].way(current) : "certificate";

/** The mechanism with one credential replaced and the other as it is. */
export const rolled = (current: Attestation, slot: Slot, credential: NewCredential): AttestationBody =>
  mechanisms[current.type].rolled(current, slot, credential);

const choicesFor = (kind: EnrollmentKind): readonly Choice<AttestationKind>[] =>
  Object.keys(mechanisms)
    .filter(isAttestationKind)
    .flatMap((value) => {
      const hint = mechanisms[value].hint[kind];
      return hint === undefined ? [] : [{ value, label: mechanismName(value), hint }];
    });

/** How the devices of an enrollment can prove who they are. */
export const mechanismChoices: Readonly<Record<EnrollmentKind, readonly Choice<AttestationKind>[]>> = {
  individual: choicesFor("individual"),
  group: choicesFor("group"),
};

function checkCertificates(kind: EnrollmentKind, form: Credentials): Faults {
  if (kind === "group" && form.x509Source === "caReferences")
    return form.primaryReference === "" ? { primaryReference: "Choose a CA certificate." } : {};
  return {
    ...(form.primaryCertificate === "" && { primaryCertificate: "The primary certificate is missing." }),
    ...(form.primaryCertificate === unusableFile && { primaryCertificate: stillRead }),
    ...(form.secondaryCertificate === unusableFile && { secondaryCertificate: stillRead }),
  };
}

function certificatesOf(kind: EnrollmentKind, form: Credentials): AttestationBody {
  if (kind === "group" && form.x509Source === "caReferences") {
    const secondary = form.secondaryReference;
    const caReferences = { primary: form.primaryReference, ...(secondary !== "" && { secondary }) };
    return { type: "x509", x509: { caReferences } };
  }
  const secondary = form.secondaryCertificate;
  const pair = {
    primary: { certificate: form.primaryCertificate },
    ...(secondary !== "" && { secondary: { certificate: secondary } }),
  };
  return { type: "x509", x509: kind === "group" ? { signingCertificates: pair } : { clientCertificates: pair } };
}

function rolledX509(x509: EnrolledX509, slot: Slot, credential: string): X509Body {
  const { clientCertificates, signingCertificates, caReferences } = x509;
  if (caReferences) return { ...x509, caReferences: { ...caReferences, [slot]: credential } };
  const replace = (pair: EnrolledX509["clientCertificates"]) => ({ ...pair, [slot]: { certificate: credential } });
  if (signingCertificates) return { ...x509, signingCertificates: replace(signingCertificates) };
  return { ...x509, clientCertificates: replace(clientCertificates) };
}

function checkKeys({ generateKeys, primaryKey, secondaryKey }: Credentials): Faults {
  if (generateKeys) return {};
  return {
    ...(primaryKey.trim() === "" && { primaryKey: "The primary key is missing: enter it, or generate one." }),
    ...(secondaryKey.trim() === "" && { secondaryKey: "The secondary key is missing: enter it, or generate one." }),
  };
}

function keysOf(form: Credentials): AttestationBody {
  if (form.generateKeys) return { type: "symmetricKey" };
  const symmetricKey = { primaryKey: compact(form.primaryKey), secondaryKey: compact(form.secondaryKey) };
  return { type: "symmetricKey", symmetricKey };
}
