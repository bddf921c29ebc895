import type { DeviceIdentity, HubAuthentication } from "@rollcall/protocol";

/** A device at h.x, but for how it proves itself. */
export const identityOf = (deviceId: string): Omit<DeviceIdentity, "authentication"> => ({
  hub: "h.x",
  deviceId,
  registrationId: deviceId,
  iotEdge: false,
  status: "enabled",
  createdAt: 1,
});

const key = { type: "symmetricKey", primaryKey: "cA==", secondaryKey: "cw==" } as const;

/** By device id: what versions before schema 3 wrote, and what it becomes. */
export const olderAuthentications: readonly (readonly [string, object, HubAuthentication])[] = [
  ["key", key, key],
  ["leaf", { type: "x509Thumbprint", primary: "AB" }, { type: "selfSigned", thumbprints: ["AB"] }],
  [
    "both",
    { type: "x509Thumbprint", primary: "AB", secondary: "CD" },
    { type: "selfSigned", thumbprints: ["AB", "CD"] },
  ],
  ["group", { type: "x509Authority", authorities: ["AAAA", "BBBB"] }, { type: "selfSigned", thumbprints: [] }],
];
