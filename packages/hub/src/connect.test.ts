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

  test("a disabled device and a module are refused, together with other faults", async () => {
    devices.add("pump-1", keys, "disabled");
    const said = await outcome({ moduleId: "m", token: token({ key: Buffer.alloc(32, 3) }) });
    for (const code of ["hub.modulesUnsupported", "hub.deviceDisabled", "hub.credentialMismatch"])
      expect(said).toContain(code);
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
  const thumbprint = { type: "x509Thumbprint", primary: "00".repeat(32), secondary: leaf.certificate.sha256 } as const;
  const authority = { type: "x509Authority", authorities: [der(root).toString("base64")] } as const;

  test("by thumbprint: only the leaf is checked", async () => {
    devices.add("pump-1", thumbprint);
    expect(await outcome({ connection: connection([der(leaf)]) })).toBe("accepted");
    const said = await outcome({ connection: connection(chain(other)) });
    expect(said).toContain(other.certificate.sha256.slice(0, 20));
  });

  test("by thumbprint: an expired leaf is refused", async () => {
    devices.add("pump-1", { type: "x509Thumbprint", primary: old.certificate.sha256 });
    expect(await outcome({ connection: connection([der(old)]) })).toContain("expired at");
  });

  test("by authority: name and chain are checked", async () => {
    devices.add("pump-1", authority);
    expect(await outcome({ connection: connection(chain(leaf)) })).toBe("accepted");
    expect(await outcome({ connection: connection([...chain(leaf), der(root)]) })).toBe("accepted");
  });

  test("by authority: case is ignored, as at registration, but a look-alike letter is not", async () => {
    devices.add("Pump-1", authority);
    const presented = connection(chain(leaf));
    expect(await outcome({ deviceId: "Pump-1", connection: presented })).toBe("accepted");
    devices.add("tank-1", authority);
    const kelvin = await issueLeaf({ commonName: "tan\u212a-1", parent: intermediate, ...dates });
    expect(await outcome({ deviceId: "tank-1", connection: connection(chain(kelvin)) })).toContain("common name");
  });

  test("by an intermediate as authority: the leaf alone is enough", async () => {
    devices.add("pump-1", {
      type: "x509Authority",
      authorities: [der(root), der(intermediate)].map((each) => each.toString("base64")),
    });
    expect(await outcome({ connection: connection([der(leaf)]) })).toBe("accepted");
  });

  test.each([
    { what: "a different name", presented: chain(other), says: "the common name of the certificate is pump-2" },
    { what: "a missing intermediate", presented: [der(leaf)], says: "does not lead to the trusted certificate" },
    { what: "an expired leaf", presented: chain(old), says: "expired" },
    { what: "no certificate", presented: [], says: "there was none" },
    { what: "random bytes", presented: [Buffer.from("rubbish")], says: "cannot be read" },
  ])("by authority, $what is refused", async ({ presented, says }) => {
    devices.add("pump-1", authority);
    const said = await outcome({ connection: connection(presented) });
    expect(said).toContain("hub.credentialMismatch");
    expect(said).toContain(says);
  });

  test("a token instead of a certificate is refused, and vice versa", async () => {
    expect(await outcome({ connection: connection(chain(leaf)) })).toContain("expects a token");
    devices.add("pump-1", thumbprint);
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
