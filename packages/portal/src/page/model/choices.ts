import type { AllocationPolicy, EnrollmentKind } from "@rollcall/protocol";

export interface Choice<T extends string> {
  readonly value: T;
  readonly label: string;
  readonly hint?: string;
}

export const allocationChoices: readonly Choice<AllocationPolicy>[] = [
  { value: "hashed", label: "Evenly weighted (hashed)", hint: "Devices are spread over the hubs by weight." },
  { value: "geoLatency", label: "Lowest latency (geoLatency)", hint: "The hub with the lowest latency is chosen." },
  { value: "static", label: "Static", hint: "Every device goes to one hub: choose exactly one above." },
  { value: "custom", label: "Custom (webhook)", hint: "Your webhook chooses the hub." },
];

export const reprovisionPolicies = {
  migrate: { updateHubAssignment: true, migrateDeviceData: true },
  reset: { updateHubAssignment: true, migrateDeviceData: false },
  never: { updateHubAssignment: false, migrateDeviceData: false },
} as const;
export type Reprovision = keyof typeof reprovisionPolicies;
export const reprovisionChoices: readonly Choice<Reprovision>[] = [
  { value: "migrate", label: "Re-provision and migrate data", hint: "The twin moves to the new hub with the device." },
  {
    value: "reset",
    label: "Re-provision and reset to the initial twin",
    hint: "The twin at the new hub starts from the initial twin below.",
  },
  { value: "never", label: "Never re-provision", hint: "A device stays at the hub of its first registration." },
];

/** Names of the two kinds on the page. */
export const kindWords = {
  individual: { one: "individual enrollment", many: "Individual Enrollments", id: "Registration ID" },
  group: { one: "enrollment group", many: "Enrollment Groups", id: "Group name" },
} as const satisfies Record<EnrollmentKind, unknown>;
