import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkedFetch } from "@rollcall/api/testing";
import { type Identity, issueIntermediate, issueLeaf, issueRoot } from "@rollcall/pki";
import type { AttemptRecord, SeedInput } from "@rollcall/protocol";
import {
  ConfigError,
  ListenError,
  LocationInUseError,
  type Rollcall,
  type RollcallOptions,
  readInstance,
  startRollcall,
} from "@rollcall/service";
import { registerDevice } from "@rollcall/simulator";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { until } from "./until.js";

const key = Buffer.alloc(32, 7).toString("base64");
const root = await issueRoot({ commonName: "fleet root" });
const intermediate = await issueIntermediate({ commonName: "fleet intermediate", parent: root });
const leaf = await issueLeaf({ commonName: "valve-1", parent: intermediate });
const seed: SeedInput = {
  enrollments: [{ registrationId: "pump-1", attestation: { type: "symmetricKey", symmetricKey: { primaryKey: key } } }],
  enrollmentGroups: [
    {
      enrollmentGroupId: "valves",
      attestation: { type: "x509", x509: { signingCertificates: { primary: { certificate: root.certificatePem } } } },
    },
  ],
};

let folder: string;
let running: Rollcall[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rollcall-service-"));
  running = [];
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(running.map((each) => each.stop()));
  rmSync(folder, { recursive: true, force: true });
});

async function start(options: RollcallOptions = { seed }): Promise<Rollcall> {
  const rollcall = await startRollcall({ registration: { retryAfter: 0 }, ...options });
  running.push(rollcall);
  return rollcall;
}

const target = ({ info }: Rollcall, port: number) => ({
  host: "127.0.0.1",
  port,
  idScope: info.idScope,
  ca: readFileSync(info.caPath, "utf8"),
});
const x509 = (chain: readonly Identity[]) =>
  ({
    kind: "x509",
    certificatePem: chain.map(({ certificatePem }) => certificatePem).join(""),
    keyPem: leaf.privateKeyPem,
  }) as const;
const managed = (rollcall: Rollcall, path: string, init: RequestInit = {}) =>
  checkedFetch(`http://127.0.0.1:${rollcall.info.ports.dashboard}${path}`, init);
const owner = ({ managementToken }: Rollcall) => ({ authorization: `Bearer ${managementToken}` });

describe("a started service", () => {
  it("gives its addresses in exactly this form", async () => {
    const { info, location } = await start();
    const { mqtt, https, dashboard } = info.ports;
    expect(new Set([mqtt, https, dashboard]).size).toBe(3);
    expect(info).toEqual({
      idScope: "0ne00000000",
      host: "127.0.0.1",
      ports: { mqtt, https, dashboard },
      deviceEndpoint: `127.0.0.1:${mqtt}`,
      serviceEndpoint: `127.0.0.1:${https}`,
      connectionString: expect.stringMatching(
        new RegExp(
          `^HostName=127\\.0\\.0\\.1:${https};SharedAccessKeyName=provisioningserviceowner;SharedAccessKey=[A-Za-z0-9+/]{43}=$`,
        ),
      ),
      policies: [
        {
          name: "provisioningserviceowner",
          primary: info.connectionString,
          secondary: expect.stringMatching(/^HostName=127\.0\.0\.1:\d+;SharedAccessKeyName=provisioningserviceowner;/),
        },
      ],
      caPath: join(location, "ca.pem"),
      caFingerprint: expect.stringMatching(/^[0-9A-F]{64}$/),
      pid: process.pid,
      hubs: ["127.0.0.1"],
      store: { kind: "memory", place: "memory" },
    });
  });

  it.each(["mqtt", "mqtt-ws", "http"] as const)(
    "registers devices over %s, and explains a refusal",
    async (transport) => {
      const rollcall = await start();
      const port = transport === "mqtt" ? rollcall.info.ports.mqtt : rollcall.info.ports.https;
      const shared = { target: target(rollcall, port), transport, timeout: 20_000 };
      const pump = await registerDevice({
        ...shared,
        registrationId: "pump-1",
        identity: { kind: "symmetricKey", key },
      });
      expect(pump).toMatchObject({ outcome: "assigned", registrationState: { assignedHub: "127.0.0.1" } });
      const valve = { ...shared, registrationId: "valve-1" };
      expect(await registerDevice({ ...valve, identity: x509([leaf, intermediate]) })).toMatchObject({
        outcome: "assigned",
      });
      const refused = await registerDevice({ ...valve, identity: x509([leaf]) });
      expect(refused).toMatchObject({ outcome: "refused", status: 401, errorCode: 401002 });
      const { trackingId = "" } = refused as { trackingId?: string };
      const record = (await (await managed(rollcall, `/attempts/${trackingId}`)).json()) as AttemptRecord;
      expect(record).toMatchObject({ trackingId, transport, outcome: "refused", registrationId: "valve-1" });
      expect(record.findings[0]).toMatchObject({ code: "chain.issuerMissing", cause: 1 });
      expect(rollcall.attempts.find("pump-1")?.outcome).toBe("assigned");
      await until(
        () => rollcall.stats(),
        ({ connections, sessions }) => connections === 0 && sessions === 0,
      );
    },
  );

  it("listens for every local hub, and its certificate names them", async () => {
    const hubs = [{ host: "127.0.0.1" }, { host: "127.0.0.2", weight: 3 }];
    const rollcall = await start({ seed, hubs });
    expect(rollcall.info.hubs).toEqual(["127.0.0.1", "127.0.0.2"]);
    const at = { ...target(rollcall, rollcall.info.ports.mqtt), host: "127.0.0.2" };
    const result = await registerDevice({
      target: at,
      transport: "mqtt",
      registrationId: "pump-1",
      identity: { kind: "symmetricKey", key },
      timeout: 20_000,
    });
    expect(result.outcome).toBe("assigned");
  });

  it("locks its folder while it runs, and releases it", async () => {
    const location = join(folder, "state");
    const first = await start({ location });
    expect(readInstance(location)).toEqual({ info: first.info, managementToken: first.managementToken });
    await expect(start({ location })).rejects.toBeInstanceOf(LocationInUseError);
    await first.stop();
    expect(readInstance(location)).toBeUndefined();
    const second = await start({ location });
    expect(second.info.caFingerprint).toBe(first.info.caFingerprint);
    expect(second.info.connectionString.split(";").at(-1)).toBe(first.info.connectionString.split(";").at(-1));
  });

  it("stops when its owner asks for it over the management API", async () => {
    const rollcall = await start();
    expect((await managed(rollcall, "/readyz")).status).toBe(200);
    expect((await managed(rollcall, "/info")).status).toBe(401);
    expect(await (await managed(rollcall, "/info", { headers: owner(rollcall) })).json()).toEqual(rollcall.info);
    expect((await managed(rollcall, "/stop", { method: "POST", headers: owner(rollcall) })).status).toBe(202);
    await rollcall.stopped;
    await expect(managed(rollcall, "/healthz")).rejects.toThrow();
  });
});

it("starts and stops again and again, and leaves no handle and no folder", async () => {
  vi.stubEnv("TMPDIR", folder);
  const folders = () => readdirSync(folder).length;
  const handles = () => process.getActiveResourcesInfo().filter((name) => /TCPSERVER|TLS|TCPSocket/i.test(name)).length;
  const before = [folders(), handles()];
  for (let round = 0; round < 3; round++) {
    await using rollcall = await startRollcall({ seed, registration: { retryAfter: 0 } });
    await registerDevice({
      target: target(rollcall, rollcall.info.ports.mqtt),
      transport: "mqtt",
      registrationId: "pump-1",
      identity: { kind: "symmetricKey", key },
      timeout: 20_000,
    });
  }
  await until(
    () => [folders(), handles()],
    (now) => now[0] === before[0] && (now[1] ?? 0) <= (before[1] ?? 0),
  );
});

describe("a service that cannot start says why and leaves nothing behind", () => {
  it.each(["mqtt", "https", "dashboard"] as const)("because the %s port is taken", async (which) => {
    const taken = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => taken.once("listening", resolve));
    const { port } = taken.address() as { port: number };
    const location = join(folder, "state");
    const error = await start({ location, listen: { [which]: port } }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ListenError);
    expect((error as Error).message).toContain(
      `127.0.0.1:${port}: the port is taken. Stop what listens there, or choose another port with --${which}-port (or ROLLCALL_${which.toUpperCase()}_PORT)`,
    );
    expect(readInstance(location)).toBeUndefined();
    await new Promise((resolve) => taken.close(resolve));
    await start({ location, listen: { [which]: port } });
  });

  it("because of an invalid seed, with file, line and member", async () => {
    const path = join(folder, "seed.yaml");
    const write = (attestation: string) =>
      writeFileSync(path, `enrollments:\n  - registrationId: pump-1\n    attestation: ${attestation}\n`);
    write('{ type: symmetricKey, symmetricKey: { primaryKey: "short" } }');
    const key = `${path}:3:68: enrollments.0.attestation.symmetricKey.primaryKey: is not base64`;
    await expect(start({ seed: path })).rejects.toThrow(key);
    write('{ type: x509, x509: { clientCertificates: { primary: { certificate: "AAAA" } } } }');
    const error = await start({ seed: path }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toContain(`${path}:3:`);
    expect((error as Error).message).toContain("enrollments.0.attestation.x509.clientCertificates.primary");
    await expect(start({ seed: join(folder, "none.yaml") })).rejects.toThrow("there is no such file");
  });

  it("because of an invalid setting", async () => {
    await expect(start({ listen: { host: "https://a" } })).rejects.toThrow(
      "listen.host: is not a host name or address",
    );
    await expect(start({ hubs: [{ host: "nodot" }] })).rejects.toBeInstanceOf(ConfigError);
  });
});

it("loads a folder of seed files that contain PEM", async () => {
  writeFileSync(join(folder, "a.json"), JSON.stringify({ enrollments: seed.enrollments }));
  const pem = root.certificatePem.trim().replaceAll("\n", "\n                ");
  writeFileSync(
    join(folder, "b.yaml"),
    `enrollmentGroups:
  - enrollmentGroupId: valves
    attestation:
      type: x509
      x509:
        signingCertificates:
          primary:
            certificate: |
                ${pem}
`,
  );
  writeFileSync(join(folder, "notes.txt"), "not a seed");
  const rollcall = await start({ seed: folder });
  expect(await rollcall.store.individualEnrollment("PUMP-1")).toBeDefined();
  expect(await rollcall.store.groupsByCertificate([root.certificate.sha256])).toHaveLength(1);
});

it("falls back from 443, and names the clients that need 443", async () => {
  const taken = createServer();
  const mine = await new Promise<boolean>((resolve) => {
    taken.once("error", () => resolve(false)).listen(443, "127.0.0.1", () => resolve(true));
  });
  const rollcall = await start({ listen: { https: 443, httpsFallback: 0 } });
  expect(rollcall.info.ports.https).not.toBe(443);
  expect(rollcall.notices).toHaveLength(1);
  expect(rollcall.notices[0]).toMatch(
    /^HTTPS is on \d+, since (443 is taken|there is no permission for 443): .* dial 443 only\. /,
  );
  if (mine) await new Promise((resolve) => taken.close(resolve));
});
