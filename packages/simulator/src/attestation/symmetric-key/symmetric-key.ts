import { decodeBase64, deriveDeviceKey, signSas } from "@rollcall/protocol";
import type { FleetCredentials, FleetMember, FleetSeed } from "../proving/fleet-types.js";
import { InvalidIdentityError } from "../proving/identity.js";
import type { Proving } from "../proving/proving.js";
import { seededBytes } from "../proving/seeded.js";

/** A key that device and service share: the enrollment's own key, or derived from its group's. */
export const symmetricKey: Proving<"symmetricKey"> = {
  sign: ({ key }, resource, expiry) => signSas(keyBytes(key), resource, expiry),
  isGroupEnrolled: ({ enrolled }) => enrolled !== "individual",
  faults: () => [],
  supplier:
    ({ file }) =>
    (device) =>
      credentials(device, file),
  mechanism: ({ primaryKey, secondaryKey }) => ({ type: "symmetricKey", symmetricKey: { primaryKey, secondaryKey } }),
};

function keyBytes(key: string): Buffer {
  const bytes = decodeBase64(key);
  if (bytes === undefined || bytes.length === 0) throw new InvalidIdentityError("the symmetric key is not base64");
  return bytes;
}

function credentials(
  { registrationId, enrollmentGroupId }: FleetMember,
  file: FleetSeed,
): FleetCredentials<"symmetricKey"> {
  const owner = enrollmentGroupId === undefined ? `device ${registrationId}` : `group ${enrollmentGroupId}`;
  const primary = seededBytes(file, `primary key of ${owner}`);
  const secondary = seededBytes(file, `secondary key of ${owner}`);
  const key = enrollmentGroupId === undefined ? primary : deriveDeviceKey(primary, registrationId);
  return {
    identity: { kind: "symmetricKey", key: key.toString("base64") },
    enrolled: {
      type: "symmetricKey",
      primaryKey: primary.toString("base64"),
      secondaryKey: secondary.toString("base64"),
    },
  };
}
