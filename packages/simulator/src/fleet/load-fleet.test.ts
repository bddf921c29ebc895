import { X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seedSchema } from "@rollcall/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tpmHints } from "../attestation/tpm/hints.js";
import { fileNames } from "../attestation/x509/certificate-files.js";
import { deriveFiles } from "./derive-files.js";
import { fleetEnrollments } from "./fleet-enrollments.js";
import { FleetFileError } from "./fleet-file-error.js";
import { fleetFromText, loadFleet, writeFleetCertificates } from "./load-fleet.js";
import { parseFleetFile } from "./parse-fleet-file.js";

const text = `name: plant
seed: 7
devices:
  - { name: line, count: 2, attestation: { type: x509, enrolled: root } }
  - { name: stray, enrolledIn: line, fault: omitIntermediate }
  - { name: own, attestation: { type: x509, enrolled: individual }, fault: wrongThumbprint }
  - { name: meter, attestation: { type: tpm } }
  - { name: tag, attestation: { type: symmetricKey, enrolled: group } }
  - { name: sensor, attestation: { type: symmetricKey, enrolled: individual }, fault: disabled }
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rollcall-fleet-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const derive = (from: string) => deriveFiles(parseFleetFile(from, "plant.yaml"));

describe("the files that derive from a fleet file", () => {
  it("are the same, byte by byte, every time", async () => {
    expect(new Map(await derive(text))).toEqual(new Map(await derive(text)));
  });

  it("are the same as on a different machine", async () => {
    const files = await derive(text);
    const chain = files.get(fileNames.chain("line-001")) ?? "";
    expect(new X509Certificate(chain).fingerprint256).toMatchInlineSnapshot(
      `"33:0E:B5:12:EA:BF:AA:AB:93:04:E8:5A:DB:F4:43:7D:78:DB:0B:E2:B8:52:6F:B8:19:07:EC:5B:19:4E:2A:83"`,
    );
    expect(files.get(tpmHints)).toMatchInlineSnapshot(`
      "{
        "meter-001": {
          "0d90812b451c8608": "AAMVAAGghVA=",
          "216c407b150b669a": "AACpAAFaEt0="
        }
      }
      "
    `);
  });

  it("differ with a different seed", async () => {
    const [one, other] = [await derive(text), await derive(text.replace("seed: 7", "seed: 8"))];
    expect([...one.keys()]).toEqual([...other.keys()]);
    for (const [name, content] of one) expect(other.get(name), name).not.toBe(content);
  });

  it("do not change for a device when devices are added", async () => {
    const [one, more] = [await derive(text), await derive(`${text}  - { name: late, attestation: { type: tpm } }\n`)];
    for (const [name, content] of one) if (name !== tpmHints) expect(more.get(name), name).toBe(content);
    expect(Object.keys(JSON.parse(more.get(tpmHints) ?? ""))).toEqual(["meter-001", "late-001"]);
  });
});

describe("a fleet", () => {
  it("presents the credentials of each fault", async () => {
    const { devices, enrollments } = await fleetFromText(text);
    const certificates = (id: string): number => {
      const identity = devices.find((device) => device.registrationId === id)?.identity;
      return identity?.kind === "x509" ? identity.certificatePem.split("BEGIN CERTIFICATE").length - 1 : 0;
    };
    expect([certificates("line-001"), certificates("stray-001"), certificates("own-001")]).toEqual([2, 1, 1]);
    expect(enrollments.map(({ kind, id, disabled }) => [kind, id, disabled])).toEqual([
      ["group", "line", false],
      ["individual", "own-001", false],
      ["individual", "meter-001", false],
      ["group", "tag", false],
      ["individual", "sensor-001", true],
    ]);
  });

  it("is enrolled with a seed that a service accepts", async () => {
    const fleet = await fleetFromText(text);
    const seed = seedSchema.parse(fleetEnrollments(fleet));
    expect(seed.enrollments.map(({ registrationId }) => registrationId)).toEqual([
      "own-001",
      "meter-001",
      "sensor-001",
    ]);
    expect(seed.enrollmentGroups.map(({ enrollmentGroupId }) => enrollmentGroupId)).toEqual(["line", "tag"]);
    expect(seed.enrollments[2]).toMatchObject({ provisioningStatus: "disabled" });
  });
});

describe("files on disk", () => {
  const write = () => writeFleetCertificates(join(folder, "plant.yaml"), join(folder, "certs"));
  beforeAll(() => writeFile(join(folder, "plant.yaml"), text));

  it("are written once, keys for the owner only", async () => {
    expect(await write()).toMatchObject({ fleet: "plant", devices: 7, written: true });
    expect(await write()).toMatchObject({ written: false });
    const mode = async (name: string) => ((await stat(join(folder, "certs/plant", name))).mode & 0o777).toString(8);
    expect([await mode("root.pem"), await mode("root.key.pem"), await mode("devices/line-001.key.pem")]).toEqual([
      "644",
      "600",
      "600",
    ]);
    expect(await mode(".")).toBe("700");
  });

  it("give the same fleet as without files", async () => {
    const one = await loadFleet(join(folder, "plant.yaml"), { certificates: join(folder, "certs") });
    expect(fleetEnrollments(one)).toEqual(fleetEnrollments(await fleetFromText(text)));
  });

  it.each(["devices/line-001.chain.pem", "stamp.json"])("are derived anew when %s is damaged", async (name) => {
    await write();
    const path = join(folder, "certs/plant", name);
    const whole = await readFile(path, "utf8");
    await writeFile(path, whole.slice(0, 40));
    expect(await write()).toMatchObject({ written: true });
    expect(await readFile(path, "utf8")).toBe(whole);
  });

  it("are removed with their device", async () => {
    await write();
    await writeFile(join(folder, "plant.yaml"), text.replace("count: 2, ", ""));
    expect(await write()).toMatchObject({ written: true, devices: 6 });
    await expect(stat(join(folder, "certs/plant/devices/line-002.key.pem"))).rejects.toThrow("ENOENT");
  });

  it("give a clear error for a missing fleet file", async () => {
    await expect(loadFleet(join(folder, "none.yaml"))).rejects.toThrow(FleetFileError);
  });
});

describe("devices/fleets/demo.yaml", () => {
  it("has fifty devices to be assigned and three to be refused, of every kind over each of its transports", async () => {
    const path = new URL("../../../../devices/fleets/demo.yaml", import.meta.url);
    const { devices } = parseFleetFile(await readFile(path, "utf8"), "demo.yaml");
    const assigned = devices.filter((device) => device.expect.outcome === "assigned");
    const count = (of: (device: (typeof devices)[number]) => string) => {
      const counts: Record<string, number> = {};
      for (const device of assigned) counts[of(device)] = (counts[of(device)] ?? 0) + 1;
      return counts;
    };
    expect(count(({ group }) => group)).toEqual({ line: 18, gateway: 8, meter: 6, sensor: 9, tag: 9 });
    expect(new Set(assigned.map((device) => `${device.attestation.type} ${device.transport}`)).size).toBe(8);
    expect(devices.filter((device) => device.expect.outcome === "refused").map(({ fault }) => fault)).toEqual([
      "omitIntermediate",
      "wrongThumbprint",
      "disabled",
    ]);
  });
});
