import { reprovisionPolicies as policies } from "@rollcall/protocol";
/** What the text of a flag stands for; `read-value.ts` has a reader for each. */
export type FlagValue =
  | "text"
  | "truth"
  | "hubs"
  | "json"
  | "reprovisionPolicy"
  | "symmetricKey"
  | "endorsementKey"
  | "certificate";

/** What `--rp` may say, and the policy that it stands for (wire.md#reprovisioning). */
export const reprovisionPolicies = {
  reprovisionandmigratedata: policies.migrate.policy,
  reprovisionandresetdata: policies.reset.policy,
  never: policies.never.policy,
} as const;
