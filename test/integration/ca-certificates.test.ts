import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Rollcall } from "@rollcall/service";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RawMqtt } from "./raw-mqtt.js";
import { startService, type TestService, userName } from "./service.js";
import { openMqtt, type Presented } from "./sockets.js";

/**
 * A CA certificate from its upload to a device that registers by it, with certificates made by OpenSSL, and all
 * requests of operators to the dashboard listener. The cases build on each other.
 */

let folder: string;
let service: TestService;
let device: Presented;
const file = (name: string) => join(folder, name);
const text = (name: string) => readFileSync(file(name), "utf8");
const openssl = (...options: readonly string[]) => execFileSync("openssl", options, { cwd: folder, stdio: "pipe" });

const CA = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n";
const LEAF = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n";

/** Makes `{name}.key` and `{name}.pem`, signed by `parent` or by itself. */
function issue(name: string, commonName: string, extensions: string, parent = name): void {
  writeFileSync(file(`${name}.ext`), extensions);
  openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", `${name}.key`);
  openssl("req", "-new", "-key", `${name}.key`, "-subj", `/CN=${commonName}`, "-out", `${name}.csr`);
  const signer =
    parent === name
      ? ["-signkey", `${name}.key`]
      : ["-CA", `${parent}.pem`, "-CAkey", `${parent}.key`, "-CAcreateserial"];
  openssl(
    "x509",
    "-req",
    "-in",
    `${name}.csr`,
    ...signer,
    "-days",
    "30",
    "-extfile",
    `${name}.ext`,
    "-out",
    `${name}.pem`,
  );
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "rollcall-ca-"));
  issue("root", "Plant Root", CA);
  issue("line", "Line 3 CA", CA, "root");
  issue("device", "pump-7", LEAF, "line");
  issue("stranger", "Plant Root", CA);
  device = { chainPem: text("device.pem") + text("line.pem"), privateKeyPem: text("device.key") };
  service = await startService();
});

afterAll(async () => {
  await service.rollcall.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of any shape, which each case looks into
  readonly body: any;
}

function ask(rollcall: Rollcall, method: string, path: string, body?: unknown): Promise<Answer> {
  const sent = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  const headers = {
    authorization: `Bearer ${rollcall.managementToken}`,
    ...(sent !== undefined && { "content-length": Buffer.byteLength(sent) }),
  };
  const { dashboard: port } = rollcall.info.ports;
  return new Promise((resolve, reject) => {
    const call = request({ host: "127.0.0.1", port, method, path, headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("error", reject);
      response.on("end", () => {
        const all = Buffer.concat(parts).toString();
        const isJson = response.headers["content-type"]?.startsWith("application/json") === true;
        resolve({ status: response.statusCode ?? 0, text: all, body: isJson ? JSON.parse(all) : undefined });
      });
    });
    call.on("error", reject).end(sent);
  });
}

const operate = (method: string, path: string, body?: unknown) => ask(service.rollcall, method, path, body);

/** The result of a registration over MQTT. */
async function register(at: TestService = service) {
  await using client = await openMqtt({ ...at.mqtt, presented: device });
  const { returnCode } = await client.connect({ clientId: "pump-7", username: userName(at.idScope, "pump-7") });
  expect(returnCode).toBe(0);
  await client.subscribe();
  return await client.registration();
}

async function toHub(): Promise<{ readonly client: RawMqtt; readonly returnCode: number | undefined }> {
  const client = await openMqtt({ ...service.mqtt, presented: device });
  const username = `${service.hub}/pump-7/?api-version=2021-04-12`;
  const { returnCode } = await client.connect({ clientId: "pump-7", username });
  return { client, returnCode };
}

const findings = async () => (await service.attempt("pump-7"))?.findings.map((each) => each.code);

describe("a CA certificate", () => {
  it("is refused if it is a leaf, and accepted as a root and as an intermediate", async () => {
    const leaf = await operate("PUT", "/certificates/plant", { certificate: text("device.pem") });
    expect([leaf.status, leaf.body.message]).toEqual([
      400,
      expect.stringContaining("CN=pump-7 is not a CA certificate"),
    ]);
    expect((await operate("PUT", "/certificates/line", { certificate: text("line.pem") })).status).toBe(201);
    expect((await operate("DELETE", "/certificates/line")).status).toBe(204);
    const root = await operate("PUT", "/certificates/plant", { certificate: text("root.pem") });
    expect([root.status, root.body.properties.isVerified]).toEqual([201, false]);
    const [, fingerprint = ""] = String(openssl("x509", "-in", "root.pem", "-noout", "-fingerprint", "-sha1")).split(
      "=",
    );
    expect(root.body.properties.thumbprint).toBe(fingerprint.trim().replaceAll(":", ""));
  });

  it("that is not verified admits no device, and the attempt says so", async () => {
    expect(await register()).toMatchObject({ status: 401, body: { errorCode: 401002 } });
    const attempt = await service.attempt("pump-7");
    expect(attempt?.findings[0]).toMatchObject({ code: "chain.caNotVerified", cause: 2 });
    expect(attempt?.findings[0]?.title).toMatch(
      /^The chain reaches CN=Plant Root, uploaded as plant at 20\d\d-.*Z but not/,
    );
    expect(attempt?.findings[0]?.remedy).toContain("rollcall certificate verify -n plant");
    const group = await operate("PUT", "/enrollmentGroups/line3", referring("plant"));
    expect([group.status, group.body.message]).toEqual([400, expect.stringContaining("is not verified")]);
  });

  it("is verified only by a certificate for the code, signed with its key", async () => {
    const coded = await operate("POST", "/certificates/plant/generateVerificationCode");
    const code: string = coded.body.properties.verificationCode;
    const verify = (name: string) =>
      operate("POST", "/certificates/plant/verify", { certificate: text(`${name}.pem`) });
    issue("wrong-name", "another code", LEAF, "root");
    issue("wrong-key", code, LEAF, "stranger");
    issue("proof", code, LEAF, "root");
    expect((await verify("wrong-name")).body.message).toContain(`has to be exactly the verification code ${code}`);
    expect((await verify("wrong-key")).body.message).toContain("its issuer has that name, but the signature");
    expect((await verify("proof")).body.properties).toMatchObject({ isVerified: true });
    expect(await register()).toMatchObject({ status: 401 });
    expect((await findings())?.[0]).toBe("chain.caWithoutGroup");
  });

  it("admits the devices of a group that refers to it, and cannot be deleted meanwhile", async () => {
    expect((await operate("PUT", "/enrollmentGroups/line3", referring("plant"))).status).toBe(200);
    const assigned = await register();
    expect(assigned.body.registrationState).toMatchObject({ deviceId: "pump-7", assignedHub: service.hub });
    expect((await service.attempt("pump-7"))?.enrollment).toEqual({ kind: "group", id: "line3" });
    const deletion = await operate("DELETE", "/certificates/plant");
    expect(deletion).toMatchObject({ status: 409, body: { errorCode: 409204, info: { usedBy: "group line3" } } });
  });
});

const referring = (name: string) => ({
  enrollmentGroupId: "line3",
  attestation: { type: "x509", x509: { caReferences: { primary: name } } },
});

describe("a device at its hub", () => {
  const path = () => `/hubs/${service.hub}/devices/pump-7`;

  it("is listed, and receives the desired properties of an operator", async () => {
    const { client, returnCode } = await toHub();
    await using _ = client;
    expect(returnCode).toBe(0);
    await client.subscribe("$iothub/twin/PATCH/properties/desired/#");
    expect((await operate("GET", "/hubs")).body).toMatchObject([{ host: service.hub, linked: true, devices: 1 }]);
    expect((await operate("GET", `/hubs/${service.hub}/devices?search=PUMP`)).body.items).toMatchObject([
      {
        deviceId: "pump-7",
        authenticationType: "selfSigned",
        x509Thumbprint: {
          primaryThumbprint: new X509Certificate(text("device.pem")).fingerprint256.replaceAll(":", ""),
          secondaryThumbprint: null,
        },
        connectionState: "Connected",
      },
    ]);
    const patched = await operate("PATCH", `${path()}/twin`, {
      properties: { desired: { interval: 9 } },
      tags: { a: 1 },
    });
    expect(patched.body).toMatchObject({
      authenticationType: "selfSigned",
      tags: { a: 1 },
      connectionState: "Connected",
    });
    const told = await client.take("publish");
    expect([told.topic, JSON.parse(told.payload.toString())]).toEqual([
      "$iothub/twin/PATCH/properties/desired/?$version=2",
      { interval: 9, $version: 2 },
    ]);
  });

  it("is disconnected when it is deleted, and its next attempt says why", async () => {
    const { client } = await toHub();
    expect((await operate("DELETE", path())).status).toBe(204);
    await client.closed;
    const [closed] = service.rollcall.attempts.recent(1);
    expect([closed?.at, closed?.findings.map((each) => each.code)]).toEqual(["hub", ["hub.connectionClosed"]]);
    const again = await toHub();
    await again.client.closed;
    expect([again.returnCode, await findings()]).toEqual([5, ["hub.deviceDeleted"]]);
    expect((await operate("GET", `${path()}/twin`)).status).toBe(404);
    expect((await register()).body.registrationState).toMatchObject({ status: "assigned" });
    const back = await toHub();
    expect(back.returnCode).toBe(0);
    await back.client.end();
  });
});

describe("an export", () => {
  it("gives a second service the same devices, with a note about the ID scope", async () => {
    const exported = (await operate("GET", "/export")).text;
    await using other = await startService({ idScope: "0ne00000001", location: file("other") });
    const imported = await ask(other.rollcall, "POST", "/import", exported);
    expect(imported.body).toMatchObject({
      imported: { certificates: 1, groups: 1, individuals: 0, registrations: 1, identities: 1, twins: 1 },
      notes: [expect.stringContaining("The export came from ID scope 0ne00000000")],
    });
    const { returnCode } = await hubConnect(other);
    expect(returnCode).toBe(0);
    expect((await register(other)).body.registrationState).toMatchObject({ status: "assigned", deviceId: "pump-7" });
    expect((await ask(other.rollcall, "POST", "/import", exported)).body).toMatchObject({
      errorCode: 409201,
      info: { id: "plant", line: "2" },
    });
    expect((await ask(other.rollcall, "GET", "/counts")).body).toMatchObject({ certificates: 1, enrollmentGroups: 1 });
  });
});

async function hubConnect(at: TestService) {
  await using client = await openMqtt({ ...at.mqtt, presented: device });
  return await client.connect({ clientId: "pump-7", username: `${at.hub}/pump-7/?api-version=2021-04-12` });
}
