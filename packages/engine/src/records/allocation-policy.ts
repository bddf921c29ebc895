import { type AllocationPolicy, DEFAULT_ALLOCATION_POLICY } from "@rollcall/protocol";
import type { EnrollmentRecord } from "./records.js";

/** The policies that a service may have by default: a webhook belongs to an enrollment (wire.md#validation). */
export type ServiceAllocationPolicy = Exclude<AllocationPolicy, "custom">;

/** The enrollment's policy, else the service's, else hashed (wire.md#allocation). */
export function allocationPolicyOf(
  enrollment: Pick<EnrollmentRecord, "allocationPolicy">,
  ofService: ServiceAllocationPolicy | undefined,
): AllocationPolicy {
  return enrollment.allocationPolicy ?? ofService ?? DEFAULT_ALLOCATION_POLICY;
}
