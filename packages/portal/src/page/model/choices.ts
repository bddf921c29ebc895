import type { AllocationPolicy, AttestationKind, EnrollmentKind } from "@rollcall/protocol";

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

export const allocationChoices: readonly Choice<AllocationPolicy>[] = [
  { value: "hashed", label: "Evenly weighted (hashed)", hint: "Devices are spread over the hubs by weight." },
  { value: "geoLatency", label: "Lowest latency (geoLatency)", hint: "The hub with the lowest latency is taken." },
  { value: "static", label: "Static", hint: "Every device goes to one hub: choose exactly one above." },
  { value: "custom", label: "Custom (webhook)", hint: "A webhook of yours answers with the hub." },
];

export const reprovisionPolicies = {
  migrate: { updateHubAssignment: true, migrateDeviceData: true },
  reset: { updateHubAssignment: true, migrateDeviceData: false },
  never: { updateHubAssignment: false, migrateDeviceData: false },
} as const;
export type Reprovision = keyof typeof reprovisionPolicies;
export const reprovisionChoices: readonly Choice<Reprovision>[] = [
  { value: "migrate", label: "Re-provision and migrate data", hint: "The twin moves along to the new hub." },
  {
    value: "reset",
    label: "Re-provision and reset to the initial twin",
    hint: "The new hub starts from the twin below.",
  },
  { value: "never", label: "Never re-provision", hint: "A device stays at the hub of its first registration." },
];

/** What the two kinds are called. */
export const kindWords = {
  individual: { one: "individual enrollment", many: "Individual Enrollments", id: "Registration ID" },
  group: { one: "enrollment group", many: "Enrollment Groups", id: "Group name" },
} as const satisfies Record<EnrollmentKind, unknown>;
