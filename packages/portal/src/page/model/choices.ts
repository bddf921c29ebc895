import type { AttestationKind, EnrollmentKind } from "@rollcall/protocol";
import { allocationPolicies } from "@rollcall/protocol/statuses";
import { allocationWords, DEFAULT_ALLOCATION_POLICY, reprovisionPolicies } from "@rollcall/protocol/words";

export interface Choice<T extends string> {
  readonly value: T;
  readonly label: string;
  readonly hint?: string;
}

export const mechanisms: Readonly<Record<AttestationKind, string>> = {
  x509: "X.509",
  tpm: "TPM",
  symmetricKey: "Symmetric key",
};

/** How the devices of an enrollment can prove who they are. */
export const mechanismChoices: Readonly<Record<EnrollmentKind, readonly Choice<AttestationKind>[]>> = {
  individual: [
    { value: "x509", label: mechanisms.x509, hint: "The device has a certificate of its own." },
    { value: "tpm", label: mechanisms.tpm, hint: "The device holds its endorsement key in a TPM." },
    { value: "symmetricKey", label: mechanisms.symmetricKey, hint: "The device and the service share a key." },
  ],
  group: [
    { value: "x509", label: mechanisms.x509, hint: "All devices with a certificate of one authority." },
    { value: "symmetricKey", label: mechanisms.symmetricKey, hint: "Each device's key is derived from the group's." },
  ],
};

const choicesOf = <T extends string>(
  words: Readonly<Record<T, { readonly label: string; readonly hint: string }>>,
  values: readonly T[],
): readonly Choice<T>[] => values.map((value) => ({ value, label: words[value].label, hint: words[value].hint }));

export const allocationChoices = choicesOf(allocationWords, allocationPolicies);
export const reprovisionChoices = choicesOf(reprovisionPolicies, ["migrate", "reset", "never"]);

/** Of an enrollment that names no policy. */
export const serviceDefault = `Default of the service (${DEFAULT_ALLOCATION_POLICY})`;

/** What the two kinds are called. */
export const kindWords = {
  individual: { one: "individual enrollment", many: "Individual Enrollments", id: "Registration ID" },
  group: { one: "enrollment group", many: "Enrollment Groups", id: "Group name" },
} as const satisfies Record<EnrollmentKind, unknown>;
