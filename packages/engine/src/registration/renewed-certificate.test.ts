import { type Identity, issueIntermediate, issueLeaf, issueRoot } from "@rollcall/pki";
import { beforeAll, describe, expect, it } from "vitest";
import { engineRig, sas } from "../testing/rig.js";

/**
 * The hub knows a device by the leaf that registered last (wire.md#hub-identity): for groups and individuals, primary
 * and secondary.
 */

const START = new Date(Date.UTC(2026, 10, 23) - 86_400_000);
const place = ["127.0.0.1", "pump-7"] as const;
let root: Identity;
let intermediate: Identity;
let other: Identity;
let old: Identity;
let renewed: Identity;

beforeAll(async () => {
  root = await issueRoot({ commonName: "Root", notBefore: START });
  other = await issueRoot({ commonName: "Other", notBefore: START });
  intermediate = await issueIntermediate({ commonName: "Line 3", parent: root, notBefore: START });
  const leaf = () => issueLeaf({ commonName: "pump-7", parent: intermediate, notBefore: START });
  [old, renewed] = [await leaf(), await leaf()];
});

const text = (identity: Identity) => ({ certificate: identity.certificate.der.toString("base64") });
const group = (signingCertificates: Partial<Record<"primary" | "secondary", ReturnType<typeof text>>>) => ({
  enrollmentGroups: [
    { enrollmentGroupId: "line3", attestation: { type: "x509" as const, x509: { signingCertificates } } },
  ],
});

const rows = [
  { what: "a group's", seed: () => group({ primary: text(root) }) },
  { what: "a group's, by the secondary CA", seed: () => group({ primary: text(other), secondary: text(root) }) },
  {
    what: "an individual enrollment's, primary and secondary",
    seed: () => ({
      enrollments: [
        {
          registrationId: "pump-7",
          attestation: {
            type: "x509" as const,
            x509: { clientCertificates: { primary: text(old), secondary: text(renewed) } },
          },
        },
      ],
    }),
  },
];

async function rigOf(seed: () => Parameters<typeof engineRig>[0]) {
  const told: string[] = [];
  const rig = await engineRig({
    ...seed(),
    engine: { onRemoved: async ({ deviceId }, reason) => void told.push(`${deviceId} ${reason}`) },
  });
  const register = async (leaf: Identity) => {
    const request = rig.request("pump-7", { chain: [leaf.certificate.der, intermediate.certificate.der] });
    const reply = await rig.engine.register({ ...request, body: rig.body() });
    expect(reply.status).toBe(202);
    return (await rig.store.deviceIdentity(...place))?.authentication;
  };
  return { ...rig, told, register };
}

const known = (leaf: Identity) => ({ type: "selfSigned", thumbprints: [leaf.certificate.sha256] });

describe.each(rows)("a renewed certificate, $what", ({ seed }) => {
  it("stands at the hub once it has registered, and ends connections with the old one; the same one ends none", async () => {
    const { told, register } = await rigOf(seed);
    expect(await register(old)).toEqual(known(old));
    expect(await register(old)).toEqual(known(old));
    expect(told).toEqual([]);
    expect(await register(renewed)).toEqual(known(renewed));
    expect(told).toEqual(["pump-7 renewed"]);
    expect(await register(old)).toEqual(known(old));
    expect(told).toEqual(["pump-7 renewed", "pump-7 renewed"]);
  });

  it("stands in place of what an older version knew", async () => {
    const { told, register, store } = await rigOf(seed);
    await register(old);
    const identity = await store.deviceIdentity(...place);
    for (const [thumbprints, ends] of [
      [[], []],
      [[old.certificate.sha256, renewed.certificate.sha256], ["pump-7 renewed"]],
    ] as const) {
      await store.restore({ identities: [{ ...identity!, authentication: { type: "selfSigned", thumbprints } }] });
      told.length = 0;
      expect(await register(renewed)).toEqual(known(renewed));
      expect(told).toEqual(ends);
    }
  });
});

it("a device that turns from a certificate to a key ends the connections of the certificate, and none the other way", async () => {
  const { told, register, request, body, load, engine, store } = await rigOf(rows[0]!.seed);
  await register(old);
  const key = Buffer.alloc(32, 5);
  const primaryKey = key.toString("base64");
  const attestation = { type: "symmetricKey" as const, symmetricKey: { primaryKey, secondaryKey: primaryKey } };
  await load({ enrollments: [{ registrationId: "pump-7", attestation }] });
  const asked = request("pump-7", { credentials: sas(key, "pump-7") });
  expect((await engine.register({ ...asked, body: body() })).status).toBe(202);
  expect(told).toEqual(["pump-7 renewed"]);
  await store.removeIndividual("pump-7");
  expect(await register(old)).toEqual(known(old));
  expect(told).toEqual(["pump-7 renewed"]);
});
