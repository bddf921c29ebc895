/**
 * Status of a registration as devices see it (wire.md#status). `disabled` and `unassigned` are read, never sent: they
 * break SDKs.
 */
export const registrationStatuses = ["unassigned", "assigning", "assigned", "failed", "disabled"] as const;
export type RegistrationStatus = (typeof registrationStatuses)[number];

/** How an assignment came about (wire.md#substatus). */
export const substatuses = [
  "initialAssignment",
  "deviceDataMigrated",
  "deviceDataReset",
  "reprovisionedToInitialAssignment",
] as const;
export type Substatus = (typeof substatuses)[number];

export const provisioningStatuses = ["enabled", "disabled"] as const;
export type ProvisioningStatus = (typeof provisioningStatuses)[number];

export const allocationPolicies = ["hashed", "geoLatency", "static", "custom"] as const;
export type AllocationPolicy = (typeof allocationPolicies)[number];
