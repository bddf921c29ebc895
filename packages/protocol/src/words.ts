import type { AttemptOutcome } from "./contracts/attempts.js";
import type { AllocationPolicy } from "./facts/statuses.js";
import type { Blame } from "./findings/rows/finding-row.js";

/** Who has to act on a finding, as the subject of a sentence. */
export const blameWords: Readonly<Record<Blame, string>> = {
  device: "the device",
  pki: "who issues the certificates",
  enrollment: "who enrolls the device",
  hub: "the hub",
  webhook: "the allocation webhook",
  protocol: "the device's software",
  service: "this service",
};

/** How an attempt ended so far, behind the name of the device: `pump-7 was refused`. */
export const outcomeWords: Readonly<Record<AttemptOutcome, string>> = {
  open: "is not over yet",
  challenged: "was given a TPM challenge and has not answered it",
  accepted: "was let in and has not asked for a hub yet",
  assigned: "was assigned",
  failed: "failed",
  refused: "was refused",
  connected: "is connected",
  abandoned: "was abandoned by the device",
};

/** The policy of enrollments that name none, in a service whose configuration names none (wire.md#allocation). */
export const DEFAULT_ALLOCATION_POLICY = "hashed" satisfies AllocationPolicy;

/** How each allocation policy chooses a hub. */
export const allocationWords: Readonly<Record<AllocationPolicy, { readonly label: string; readonly hint: string }>> = {
  hashed: { label: "Evenly weighted (hashed)", hint: "Devices are spread over the hubs by weight." },
  geoLatency: { label: "Lowest latency (geoLatency)", hint: "The hub with the lowest latency is taken." },
  static: { label: "Static", hint: "Every device goes to one hub: choose exactly one above." },
  custom: { label: "Custom (webhook)", hint: "Your webhook chooses the hub." },
};

/** Policies for a device that registers again (wire.md#reprovisioning): the two flags of each, and its label. */
export const reprovisionPolicies = {
  migrate: {
    policy: { updateHubAssignment: true, migrateDeviceData: true },
    label: "Re-provision and migrate data",
    hint: "The twin moves along to the new hub.",
  },
  reset: {
    policy: { updateHubAssignment: true, migrateDeviceData: false },
    label: "Re-provision and reset to the initial twin",
    hint: "The new hub starts from the twin below.",
  },
  never: {
    policy: { updateHubAssignment: false, migrateDeviceData: false },
    label: "Never re-provision",
    hint: "A device stays at the hub of its first registration.",
  },
} as const;
export type Reprovision = keyof typeof reprovisionPolicies;
