/**
 * Status of a registration as devices see it (wire.md#status). The service never sends `disabled` and `unassigned`,
 * since they break SDKs; our device client reads them.
 */
export const registrationStatuses = ["unassigned", "assigning", "assigned", "failed", "disabled"] as const;
export type RegistrationStatus = (typeof registrationStatuses)[number];

/** The way in which an assignment was made (wire.md#substatus). */
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
