/** Status of a registration as devices see it (section 1.4). `disabled` and `unassigned` are read, never sent: they break SDKs. */
export const registrationStatuses = ["unassigned", "assigning", "assigned", "failed", "disabled"] as const;
export type RegistrationStatus = (typeof registrationStatuses)[number];

/** How an assignment came about (section 8.4). */
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
