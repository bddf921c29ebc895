import { issueIntermediate, issueLeaf, issueRoot } from "@rollcall/pki";
import { type ClientConnection, formatSas, signSas } from "@rollcall/protocol";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { createHub } from "./hub.js";
import type { Hub, HubConnectRequest } from "./hub-types.js";
import { HUB, MemoryDevices } from "./testing/memory-devices.js";

const NOW = Date.parse("2026-11-23T12:00:00Z");
const PRIMARY = Buffer.alloc(32, 1);
const SECONDARY = Buffer.alloc(32, 2);
const keys = {
  type: "symmetricKey",
  primaryKey: PRIMARY.toString("base64"),
  secondaryKey: SECONDARY.toString("base64"),
} as const;

let devices: MemoryDevices;
let hub: Hub;
beforeEach(() => {
  devices = new MemoryDevices();
  const linked = [{ host: HUB, weight: 1, applyAllocationPolicy: true }];
  hub = createHub({ store: devices, clock: () => NOW, hubs: { linked: () => linked } });
  devices.add("pump-1", keys);
});

function connection(presented: readonly Uint8Array[] = []): ClientConnection {
  const facts = { acceptedAt: NOW, securedAt: NOW, transport: "mqtt", remote: "127.0.0.1:1", loopback: true } as const;
  return { ...facts, presented: () => presented };
}

function token(over: { resource?: string; se?: string; key?: Buffer } = {}): string {
  const { resource = `${HUB}%2Fdevices%2Fpump-1`, se = String(NOW / 1000 + 3600), key = PRIMARY } = over;
  const signature = encodeURIComponent(signSas(key, resource, se).toString("base64"));
  return `SharedAccessSignature sr=${resource}&sig=${signature}&se=${se}`;
}

async function outcome(request: Partial<HubConnectRequest>): Promise<string> {
  const admission = await hub.connect({
    hub: HUB,
    deviceId: "pump-1",
    connection: connection(),
    trackingId: "t",
    ...request,
  });
  if (admission.kind === "accepted") return "accepted";
  return admission.findings.map((each) => `${each.code}: ${each.got ?? ""}`).join(" | ");
}

describe("a token", () => {
  test.each([
    { what: "percent-encoded", text: token() },
    { what: "raw", text: token({ resource: `${HUB}/devices/pump-1` }) },
    { what: "in lower-case escapes and different case", text: token({ resource: "HUB.example%2fDevices%2fPUMP-1" }) },
    { what: "with a port", text: token({ resource: `${HUB}%3A8883%2Fdevices%2Fpump-1` }) },
    { what: "of the secondary key", text: token({ key: SECONDARY }) },
    { what: "just expired, within the skew", text: token({ se: String(NOW / 1000 - 299) }) },
    { what: "with skn", text: `${token()}&skn=` },
  ])("$what is accepted", async ({ text }) => {
    expect(await outcome({ token: text })).toBe("accepted");
  });

  test.each([
    { what: "of a different key", text: token({ key: Buffer.alloc(32, 3) }), says: "neither with the primary nor" },
    { what: "expired", text: token({ se: String(NOW / 1000 - 301) }), says: "expired 301 s ago" },
    { what: "in milliseconds", text: token({ se: String(NOW + 3_600_000) }), says: "milliseconds" },
    {
      what: "for a different device",
      text: token({ resource: `${HUB}%2Fdevices%2Fpump-2` }),
      says: "not hub.example/devices/pump-1",
    },
    {
      what: "for a different hub",
      text: token({ resource: "h.test%2Fdevices%2Fpump-1" }),
      says: "sr names h.test/devices/pump-1",
    },
    {
      what: "for the provisioning service",
      text: token({ resource: "0ne1%2Fregistrations%2Fpump-1" }),
      says: "registrations",
    },
    { what: "that is unreadable", text: "secret", says: "cannot be read" },
  ])("$what is refused with the reason", async ({ text, says }) => {
    const said = await outcome({ token: text });
    expect(said).toContain("hub.credentialMismatch");
    expect(said).toContain(says);
  });

  test("with several faults is refused with all of them, and without a secret", async () => {
    const said = await outcome({ token: token({ key: Buffer.alloc(32, 3), se: "1", resource: "x" }) });
    expect(said).toContain("sr names x");
    expect(said).toContain("expired");
    expect(said).toContain("neither with the primary");
    expect(said).not.toContain(keys.primaryKey);
  });

  test("of any text never throws", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.string(), fc.string(), async (host, deviceId, text) => {
        expect(
          (
            await hub.connect({
              hub: host,
              deviceId,
              token: text,
              connection: connection([Buffer.from(text)]),
              trackingId: "t",
            })
          ).kind,
        ).toBe("refused");
      }),
      { numRuns: 300 },
    );
  });
});

describe("hub and device id", () => {
  test.each([HUB, "HUB.Example", "hub.example:8883"])("%s names this hub", async (host) => {
    const admission = await hub.connect({
      hub: host,
      deviceId: "pump-1",
      token: token(),
      connection: connection(),
      trackingId: "t",
    });
    expect(admission).toEqual({ kind: "accepted", device: { hub: HUB, deviceId: "pump-1" } });
  });

  test.each(["localhost", "other.example", "hub.example:", "hub.example:x", "hub.example:88831234", ""])(
    "%s does not name this hub",
    async (host) => {
      expect(await outcome({ hub: host, token: token() })).toContain("hub.otherHub");
    },
  );

  test("device ids are case-sensitive; the similar id is named", async () => {
    const admission = await hub.connect({
      hub: HUB,
      deviceId: "PUMP-1",
      token: token(),
      connection: connection(),
      trackingId: "t",
    });
    expect(admission).toMatchObject({
      kind: "refused",
      reason: "notAuthorized",
      findings: [{ code: "hub.unknownDevice", nearest: "pump-1" }],
    });
  });

  test("a disabled device is refused, together with other faults", async () => {
    devices.add("pump-1", keys, "disabled");
    const said = await outcome({ token: token({ key: Buffer.alloc(32, 3) }) });
    for (const code of ["hub.deviceDisabled", "hub.credentialMismatch"]) expect(said).toContain(code);
  });

  test("a connection without credentials is refused", async () => {
    expect(await outcome({})).toContain("the device sent none");
  });
});

describe("certificates", async () => {
  const dates = { notBefore: new Date(NOW - 86_400_000), days: 30 };
  const root = await issueRoot({ commonName: "root", ...dates });
  const intermediate = await issueIntermediate({ commonName: "line 1", parent: root, ...dates });
  const leaf = await issueLeaf({ commonName: "pump-1", parent: intermediate, ...dates });
  const other = await issueLeaf({ commonName: "pump-2", parent: intermediate, ...dates });
  const old = await issueLeaf({
    commonName: "pump-1",
    parent: intermediate,
    notBefore: new Date(NOW - 86_400_000 * 9),
    days: 1,
  });
  const der = (identity: typeof leaf) => identity.certificate.der;
  const chain = (identity: typeof leaf) => [der(identity), der(intermediate)];
  const registeredWith = (...leaves: readonly (typeof leaf)[]) => ({
    type: "selfSigned" as const,
    thumbprints: leaves.map((each) => each.certificate.sha256),
  });
  const renewed = await issueLeaf({ commonName: "pump-1", parent: intermediate, ...dates });
  const soonValid = await issueLeaf({
    commonName: "pump-1",
    parent: intermediate,
    notBefore: new Date(NOW + 1000),
    days: 1,
  });

  test("the leaf that registered is let in, whatever is sent with it", async () => {
    devices.add("pump-1", registeredWith(leaf));
    for (const presented of [[der(leaf)], chain(leaf), [...chain(leaf), der(root)], [der(leaf), Buffer.from("x")]])
      expect(await outcome({ connection: connection(presented) })).toBe("accepted");
  });

  test("a renewed one is refused until it has registered, and the old one afterwards", async () => {
    devices.add("pump-1", registeredWith(leaf));
    expect(await outcome({ connection: connection(chain(renewed)) })).toBe(
      `hub.certificateNotRegistered: ${renewed.certificate.sha256}`,
    );
    devices.add("pump-1", registeredWith(renewed));
    expect(await outcome({ connection: connection(chain(renewed)) })).toBe("accepted");
    expect(await outcome({ connection: connection(chain(leaf)) })).toBe(
      `hub.certificateNotRegistered: ${leaf.certificate.sha256}`,
    );
  });

  test("the refusal names both, and says to register again", async () => {
    devices.add("pump-1", registeredWith(leaf));
    const request = { hub: HUB, deviceId: "pump-1", connection: connection(chain(other)), trackingId: "t" };
    const [registered, shown] = [leaf.certificate.sha256, other.certificate.sha256];
    expect(await hub.connect(request)).toMatchObject({
      kind: "refused",
      reason: "notAuthorized",
      findings: [
        {
          code: "hub.certificateNotRegistered",
          title: expect.stringContaining(`registered with ${registered}, shown ${shown}`),
          remedy: expect.stringContaining("register again"),
          expected: registered,
          got: shown,
        },
      ],
    });
  });

  test("a record of an older version takes both of an individual enrollment, and no group device before it registers", async () => {
    devices.add("pump-1", registeredWith(leaf, renewed));
    for (const each of [leaf, renewed]) expect(await outcome({ connection: connection([der(each)]) })).toBe("accepted");
    expect(await outcome({ connection: connection([der(other)]) })).toContain("hub.certificateNotRegistered");
    devices.add("pump-1", registeredWith());
    const request = { hub: HUB, deviceId: "pump-1", connection: connection(chain(leaf)), trackingId: "t" };
    expect(await hub.connect(request)).toMatchObject({
      findings: [{ code: "hub.certificateNotRegistered", expected: expect.stringContaining("older version") }],
    });
  });

  test("case and common name do not count: only the thumbprint does", async () => {
    devices.add("Device-1", registeredWith(other));
    expect(await outcome({ deviceId: "Device-1", connection: connection(chain(other)) })).toBe("accepted");
  });

  test.each([
    { what: "expired", known: old, presented: [der(old)], says: "hub.credentialMismatch: the certificate expired at" },
    {
      what: "not valid yet",
      known: soonValid,
      presented: [der(soonValid)],
      says: "hub.credentialMismatch: the certificate is not valid before",
    },
    { what: "another device's", known: leaf, presented: chain(other), says: "hub.certificateNotRegistered" },
    { what: "not sent", known: leaf, presented: [], says: "none came" },
    { what: "rubbish", known: leaf, presented: [Buffer.from("rubbish")], says: "cannot be read" },
  ])("one that is $what is refused", async ({ known, presented, says }) => {
    devices.add("pump-1", registeredWith(known));
    expect(await outcome({ connection: connection(presented) })).toContain(says);
  });

  test("of a device whose certificate is renewed meanwhile, the new one counts", async () => {
    devices.add("pump-1", registeredWith(leaf));
    const look = devices.deviceAndSession.bind(devices);
    devices.deviceAndSession = async (...place) => {
      devices.deviceAndSession = look;
      const found = await look(...place);
      devices.add("pump-1", registeredWith(renewed));
      await hub.disconnect({ hub: HUB, deviceId: "pump-1" }, "renewed");
      return found;
    };
    expect(await outcome({ connection: connection(chain(leaf)) })).toContain("hub.certificateNotRegistered");
    devices.add("pump-1", registeredWith(leaf));
    const again = devices.deviceAndSession.bind(devices);
    devices.deviceAndSession = async (...place) => {
      devices.deviceAndSession = again;
      const found = await again(...place);
      devices.add("pump-1", registeredWith(renewed));
      await hub.disconnect({ hub: HUB, deviceId: "pump-1" }, "renewed");
      return found;
    };
    expect(await outcome({ connection: connection(chain(renewed)) })).toBe("accepted");
  });

  test("one that is expired and another than the one that registered is refused for both", async () => {
    devices.add("pump-1", registeredWith(leaf));
    const said = await outcome({ connection: connection([der(old)]) });
    expect(said).toContain("hub.certificateNotRegistered");
    expect(said).toContain("expired at");
  });

  test("a token instead of a certificate is refused, and vice versa", async () => {
    expect(await outcome({ connection: connection(chain(leaf)) })).toContain("expects a token");
    devices.add("pump-1", registeredWith(leaf));
    expect(await outcome({ token: token() })).toContain("expects a client certificate");
  });
});

test("a token of the protocol's formatSas is accepted", async () => {
  const resource = encodeURIComponent(`${HUB}/devices/pump-1`);
  const expiry = NOW / 1000 + 60;
  expect(
    await outcome({ token: formatSas({ resource, expiry, signature: signSas(PRIMARY, resource, String(expiry)) }) }),
  ).toBe("accepted");
});
