import { readFileSync } from "node:fs";
import type { Identity } from "@rollcall/pki";
import { issueLeaf } from "@rollcall/pki";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { certificateText, createPki, type Pki } from "./certificates.js";
import { putGroup, putIndividual } from "./operating.js";
import { RawMqtt } from "./raw-mqtt.js";
import { startService, type TestService, userName } from "./service.js";
import { openMqtt, openWebSocket, type Presented } from "./sockets.js";

/** The hub knows an X.509 device by the leaf that registered last (wire.md#hub-identity): tests over real sockets. */

let service: TestService;
let pki: Pki;

beforeAll(async () => {
  service = await startService();
  pki = await createPki("Hub");
});
afterAll(() => service.rollcall.stop());

type Transport = "mqtt" | "mqtt-ws";

async function open(transport: Transport, presented: Presented): Promise<RawMqtt> {
  if (transport === "mqtt") return await openMqtt({ ...service.mqtt, presented });
  const { stream } = await openWebSocket({ ...service.https, presented });
  return new RawMqtt(stream);
}

const sent = (leaf: Identity): Presented => ({
  chainPem: leaf.certificatePem + pki.intermediate.certificatePem,
  privateKeyPem: leaf.privateKeyPem,
});

async function register(id: string, presented: Presented, transport: Transport = "mqtt") {
  await using client = await open(transport, presented);
  expect(await client.connect({ clientId: id, username: userName(service.idScope, id) })).toMatchObject({
    returnCode: 0,
  });
  await client.subscribe();
  return await client.registration("{}");
}

async function toHub(id: string, presented: Presented, transport: Transport = "mqtt") {
  const client = await open(transport, presented);
  const username = `${service.hub}/${id}/?api-version=2021-04-12`;
  const { returnCode } = await client.connect({ clientId: id, username });
  return { client, returnCode };
}

/** Connects to the hub and disconnects. Returns the code of the CONNACK, and the codes of the findings. */
async function outcome(id: string, presented: Presented, transport: Transport) {
  const { client, returnCode } = await toHub(id, presented, transport);
  await client.end();
  const [attempt] = service.rollcall.attempts.recent(1);
  return [returnCode, attempt?.findings.map((each) => each.code)];
}

const letIn = [0, []];
const turnedAway = [5, ["hub.certificateNotRegistered"]];

async function devices(hub: string) {
  const url = `http://127.0.0.1:${service.rollcall.info.ports.dashboard}/hubs/${hub}/devices?limit=100`;
  const headers = { authorization: `Bearer ${service.rollcall.managementToken}` };
  const answer = (await (await fetch(url, { headers })).json()) as {
    readonly items: readonly { readonly deviceId: string }[];
  };
  return answer.items;
}

const rows = ["group", "individual"].flatMap((enrolled) =>
  (["primary", "secondary"] as const).flatMap((registered) =>
    (["mqtt", "mqtt-ws"] as const).map((transport) => ({ enrolled, registered, transport })),
  ),
);

describe.each(rows)("a device of a(n) $enrolled that registers with its $registered, over $transport", (row) => {
  const { enrolled, registered, transport } = row;
  const id = `${enrolled}-${registered}-${transport}`;
  let leaves: Record<"primary" | "secondary", Identity>;

  beforeAll(async () => {
    leaves = { primary: await pki.leaf(id), secondary: await pki.leaf(id) };
    const [primary, secondary] = [leaves.primary, leaves.secondary].map((each) => ({
      certificate: certificateText(each),
    }));
    if (enrolled === "individual") {
      const x509 = { clientCertificates: { primary: primary!, secondary: secondary! } };
      await putIndividual(service, { registrationId: id, attestation: { type: "x509", x509 } });
      return;
    }
    // Of a group, the CA is the primary or the secondary one; the leaf is what the hub knows either way.
    const stranger = await createPki(id);
    const signing = { certificate: certificateText(pki.root) };
    const other = { certificate: certificateText(stranger.root) };
    const signingCertificates =
      registered === "primary" ? { primary: signing, secondary: other } : { primary: other, secondary: signing };
    await service.rollcall.store.removeGroup("line");
    await putGroup(service, {
      enrollmentGroupId: "line",
      attestation: { type: "x509", x509: { signingCertificates } },
    });
  });

  it("is let in with that leaf, and with the other one only once that has registered", async () => {
    const [mine, other] = registered === "primary" ? ["primary", "secondary"] : ["secondary", "primary"];
    const own = sent(leaves[mine as "primary"]);
    const renewed = sent(leaves[other as "primary"]);
    expect((await register(id, own, transport)).body.registrationState).toMatchObject({ status: "assigned" });
    expect(await outcome(id, own, transport)).toEqual(letIn);
    // The hub looks at the leaf only: its issuer may be left out.
    expect(await outcome(id, { ...own, chainPem: leaves[mine as "primary"].certificatePem }, transport)).toEqual(letIn);
    expect(await outcome(id, renewed, transport)).toEqual(turnedAway);
    const standing = await toHub(id, own, transport);
    expect(standing.returnCode).toBe(0);
    expect((await register(id, own, transport)).status).toBe(200);
    expect(standing.client.isClosed).toBe(false);
    expect((await register(id, renewed, transport)).body.registrationState).toMatchObject({ status: "assigned" });
    await standing.client.closed;
    expect(await outcome(id, own, transport)).toEqual(turnedAway);
    expect(await outcome(id, renewed, transport)).toEqual(letIn);
    const [listed] = (await devices(service.hub)).filter(({ deviceId }) => deviceId === id);
    expect(listed).toMatchObject({
      authenticationType: "selfSigned",
      x509Thumbprint: {
        primaryThumbprint: leaves[other as "primary"].certificate.sha256,
        secondaryThumbprint: null,
      },
    });
  });
});

describe("the field's case (azure-docs#70976)", () => {
  const folder = new URL("../fixtures/field-cases/hub-auth-of-group-devices/", import.meta.url);
  const text = (name: string) => readFileSync(new URL(name, folder), "utf8");
  const leaf = (name: string): Presented => ({ chainPem: text(`${name}.pem`), privateKeyPem: text(`${name}.key`) });

  it("of a group: leaf-b is refused until it has registered, and leaf-a afterwards; both are told why", async () => {
    const primary = { certificate: text("root.pem") };
    const x509 = { signingCertificates: { primary } };
    await putGroup(service, { enrollmentGroupId: "field", attestation: { type: "x509", x509 } });
    expect((await register("roll-1", leaf("leaf-a"))).status).toBe(200);
    expect(await outcome("roll-1", leaf("leaf-b"), "mqtt")).toEqual(turnedAway);
    const [attempt] = service.rollcall.attempts.recent(1);
    const identity = await service.rollcall.store.deviceIdentity(service.hub, "roll-1");
    expect(identity?.authentication).toEqual({ type: "selfSigned", thumbprints: [attempt?.findings[0]?.expected] });
    expect(attempt?.findings[0]).toMatchObject({
      title: expect.stringMatching(/registered with [0-9A-F]{64}, shown [0-9A-F]{64}\.$/),
      remedy: expect.stringContaining("register again"),
    });
    expect((await register("roll-1", leaf("leaf-b"))).status).toBe(200);
    expect(await outcome("roll-1", leaf("leaf-b"), "mqtt")).toEqual(letIn);
    expect(await outcome("roll-1", leaf("leaf-a"), "mqtt")).toEqual(turnedAway);
  });
});

it("the connection that stood with the old certificate says why it ended, and keeps its twin", async () => {
  const [old, renewed] = [await pki.leaf("told"), await pki.leaf("told")];
  const attestation = {
    type: "x509" as const,
    x509: {
      clientCertificates: {
        primary: { certificate: certificateText(old) },
        secondary: { certificate: certificateText(renewed) },
      },
    },
  };
  await putIndividual(service, { registrationId: "told", attestation });
  await register("told", sent(old));
  const { client } = await toHub("told", sent(old));
  await service.rollcall.hub.patchDesired({ hub: service.hub, deviceId: "told" }, { kept: true });
  await register("told", sent(renewed));
  await client.closed;
  const closed = service.rollcall.attempts.recent(5).find(({ at }) => at === "hub");
  expect(closed?.findings.map((each) => each.code)).toEqual(["hub.certificateRenewed"]);
  expect(await service.rollcall.store.twin(service.hub, "told")).toMatchObject({ desired: { kept: true } });
});

it("an expired leaf that registered while it was valid is refused at the hub, another one that is valid let in", async () => {
  const day = 86_400_000;
  let now = Date.now();
  await using later = await startService({ clock: () => now });
  const leaf = await issueLeaf({
    commonName: "short",
    parent: pki.intermediate,
    notBefore: new Date(now - day),
    days: 2,
  });
  const fresh = await issueLeaf({
    commonName: "fresh",
    parent: pki.intermediate,
    notBefore: new Date(now - day),
    days: 9,
  });
  for (const [id, each] of [
    ["short", leaf],
    ["fresh", fresh],
  ] as const) {
    const primary = { certificate: certificateText(each) };
    await putIndividual(later, {
      registrationId: id,
      attestation: { type: "x509", x509: { clientCertificates: { primary } } },
    });
    await using client = await openMqtt({ ...later.mqtt, presented: sent(each) });
    await client.connect({ clientId: id, username: userName(later.idScope, id) });
    await client.subscribe();
    expect((await client.registration("{}")).status).toBe(200);
  }
  const codes = async (id: string, presented: Presented) => {
    await using client = await openMqtt({ ...later.mqtt, presented });
    const username = `${later.hub}/${id}/?api-version=2021-04-12`;
    const { returnCode } = await client.connect({ clientId: id, username });
    return [returnCode, later.rollcall.attempts.recent(1)[0]?.findings.map((each) => each.code)];
  };
  expect(await codes("short", sent(leaf))).toEqual([0, []]);
  now += 3 * day;
  expect(await codes("short", sent(leaf))).toEqual([5, ["hub.credentialMismatch"]]);
  expect(await codes("fresh", sent(fresh))).toEqual([0, []]);
});
