import { reprovisionPolicies as policies } from "@rollcall/protocol";
/** Type of a flag's value; `read-value.ts` has a reader for each type. */
export type FlagValue =
  | "text"
  | "truth"
  | "hubs"
  | "json"
  | "reprovisionPolicy"
  | "symmetricKey"
  | "endorsementKey"
  | "certificate";

/** The values of `--rp`, and the policy that each stands for (wire.md#reprovisioning). */
export const reprovisionPolicies = {
  reprovisionandmigratedata: policies.migrate.policy,
  reprovisionandresetdata: policies.reset.policy,
  never: policies.never.policy,
} as const;
