import type { AttestationBody, AttestationKind, EnrolledX509, EnrollmentKind, X509Body } from "@rollcall/protocol";
import { attestationKinds, isAttestationKind } from "@rollcall/protocol/attestation-kinds";
import type { Attestation } from "../api/enrollments.js";
import type { Choice } from "./choices.js";
import { type Credentials, type Faults, unusableFile } from "./draft.js";
import type { NewCredential, Slot, Way } from "./roll.js";
import { compact } from "./words.js";

/** Texts and functions of the forms for one kind of attestation. */
interface Mechanism {
  /** Explanation of the kind, for a single device and for a group; absent when groups cannot have this kind. */
  readonly hint: { readonly individual: string; readonly group?: string };
  /** Returns the missing or unreadable fields. */
  readonly check: (kind: EnrollmentKind, form: Credentials) => Faults;
  /** Converts the form's credentials to the service's attestation body. */
  readonly fromForm: (kind: EnrollmentKind, form: Credentials) => AttestationBody;
  /** The sort of credential that rolling replaces. */
  readonly way: (current: Attestation) => Way;
  /** Returns the attestation with one credential replaced and the other unchanged. */
  readonly rolled: (current: Attestation, slot: Slot, credential: NewCredential) => AttestationBody;
  /** A text for lists that is more exact than the kind's name. */
  readonly remark?: (current: Attestation) => string | undefined;
}

/** Fault of a field while its file is being read. An unusable file has its own message at the field. */
export const stillRead = "The file is still being read: try again in a moment.";

/** One row per kind, in the order in which the form offers them. */
export const mechanisms: Readonly<Record<AttestationKind, Mechanism>> = {
  x509: {
    hint: {
      individual: "The device has a certificate of its own.",
      group: "All devices whose certificates one CA has signed.",
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
    hint: { individual: "The device has a TPM with an endorsement key." },
    check: (_kind, { endorsementKey }) =>
      endorsementKey.trim() === "" ? { endorsementKey: "The endorsement key is missing." } : {},
    fromForm: (_kind, { endorsementKey }) => ({ type: "tpm", tpm: { endorsementKey: compact(endorsementKey) } }),
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
    // `current` must be the answer of attestationmechanism: an enrollment, as the service returns it, has no keys.
    rolled: (current, slot, credential) => ({
      type: "symmetricKey",
      symmetricKey: { ...current.symmetricKey, [slot === "primary" ? "primaryKey" : "secondaryKey"]: credential },
    }),
  },
};

/** Name of a kind, with a capital letter. */
export function mechanismName(kind: AttestationKind): string {
  const { name } = attestationKinds[kind];
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

/** Describes an attestation of the service in words. */
export function mechanismText(attestation: Attestation): string {
  const { type } = attestation;
  if (!isAttestationKind(type)) return "None";
  return mechanisms[type].remark?.(attestation) ?? mechanismName(type);
}

/** The sort of credential that rolling replaces in this attestation. */
export const wayOf = (current: Attestation): Way =>
  isAttestationKind(current.type) ? mechanisms[current.type].way(current) : "certificate";

/** Returns the attestation with one credential replaced and the other unchanged. */
export const rolled = (current: Attestation, slot: Slot, credential: NewCredential): AttestationBody =>
  mechanisms[current.type].rolled(current, slot, credential);

const choicesFor = (kind: EnrollmentKind): readonly Choice<AttestationKind>[] =>
  Object.keys(mechanisms)
    .filter(isAttestationKind)
    .flatMap((value) => {
      const hint = mechanisms[value].hint[kind];
      return hint === undefined ? [] : [{ value, label: mechanismName(value), hint }];
    });

/** The kinds of attestation that the form offers for each kind of enrollment. */
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
