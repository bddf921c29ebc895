import { createHmac } from "node:crypto";
import { type Permission, permissions } from "@rollcall/protocol";

/** The policy of every new service: it may do everything (wire.md#policies). */
export const OWNER_POLICY = "provisioningserviceowner";

/** A policy as rollcall.yaml writes it. */
interface PolicySetting {
  readonly name: string;
  readonly permissions: readonly Permission[];
  readonly primaryKey?: string | undefined;
  readonly secondaryKey?: string | undefined;
}

/** A shared access policy with its keys in base64. */
export interface Policy {
  readonly name: string;
  readonly permissions: readonly Permission[];
  readonly primaryKey: string;
  readonly secondaryKey: string;
}

/**
 * All policies of a service, the owner's first. `ownerKey` is base64; keys that were not configured are derived from
 * it.
 */
export function accessPolicies(settings: readonly PolicySetting[], ownerKey: string): readonly Policy[] {
  const derived = (name: string, which: string) =>
    createHmac("sha256", Buffer.from(ownerKey, "base64")).update(`${name}\n${which}`).digest("base64");
  const owner: PolicySetting = { name: OWNER_POLICY, permissions, primaryKey: ownerKey };
  return [owner, ...settings].map(({ name, permissions: allowed, primaryKey, secondaryKey }) => ({
    name,
    permissions: allowed,
    primaryKey: primaryKey ?? derived(name, "primary"),
    secondaryKey: secondaryKey ?? derived(name, "secondary"),
  }));
}
