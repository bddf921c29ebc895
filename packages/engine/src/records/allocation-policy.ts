import type { AllocationPolicy } from "@rollcall/protocol";
import type { EnrollmentRecord } from "./ports.js";

/** What a service may have as its own policy: a webhook belongs to an enrollment (wire.md#validation). */
export type ServiceAllocationPolicy = Exclude<AllocationPolicy, "custom">;

/** The enrollment's policy, else the service's, else hashed (wire.md#allocation). */
export function allocationPolicyOf(
  enrollment: Pick<EnrollmentRecord, "allocationPolicy">,
  ofService: ServiceAllocationPolicy | undefined,
): AllocationPolicy {
  return enrollment.allocationPolicy ?? ofService ?? "hashed";
}
