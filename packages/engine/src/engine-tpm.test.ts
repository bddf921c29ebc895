import { randomBytes } from "node:crypto";
import { isSignedBy, parseSas, type RegistrationOperationStatus, type TpmChallenge } from "@rollcall/protocol";
import { createTpm } from "tpm-js-sim";
import { TpmClient } from "tpm-js-sim/client";
import { beforeAll, describe, expect, it } from "vitest";
import { engineRig, sas } from "./testing/rig.js";

/** A device with a virtual TPM that signs like an SDK. */
function device(seed: string) {
  const client = new TpmClient((command) => tpm.send(command));
  const tpm = createTpm({ seed });
  const ek = client.endorsementKey().toString("base64");
  const srk = client.storageRootKey().toString("base64");
  const token = (id: string) => {
    const resource = `0ne00000000%2Fregistrations%2F${id}`;
    const expiry = Math.floor(Date.UTC(2026, 10, 23) / 1000) + 3600;
    const signature = client.sign(Buffer.from(`${resource}\n${expiry}`));
    return {
      kind: "sas" as const,
      token: `SharedAccessSignature sr=${resource}&sig=${encodeURIComponent(signature.toString("base64"))}&se=${expiry}&skn=registration`,
    };
  };
  return { client, ek, srk, token, body: { tpm: { endorsementKey: ek, storageRootKey: srk } } };
}
type Device = ReturnType<typeof device>;
type Rig = Awaited<ReturnType<typeof engineRig>>;

let one: Device;
let two: Device;
beforeAll(() => {
  one = device("engine test 1");
  two = device("engine test 2");
});

const rigFor = (over: object = {}) =>
  engineRig({
    enrollments: [
      { registrationId: "tpm-1", attestation: { type: "tpm", tpm: { endorsementKey: one.ek } }, ...over },
      { registrationId: "tpm-2", attestation: { type: "tpm", tpm: { endorsementKey: two.ek } } },
    ],
  });

async function challenged(rig: Rig, who: Device, id = "tpm-1") {
  const asked = rig.request(id);
  const reply = await rig.engine.register({ ...asked, body: rig.body(who.body) });
  return {
    reply,
    attempt: asked.attempt,
    blob: Buffer.from((reply.body as TpmChallenge).authenticationKey ?? "", "base64"),
  };
}

describe("a TPM", () => {
  it.each([
    ["sends tpm again", true],
    ["leaves tpm out (IoT Edge)", false],
  ])("answers its challenge and gets its hub key when it %s", async (_, again) => {
    const rig = await rigFor();
    const { reply, attempt, blob } = await challenged(rig, one);
    expect(reply).toMatchObject({ status: 401, body: { message: "Authorization required.", keyName: "registration" } });
    expect(attempt.record()).toMatchObject({
      outcome: "challenged",
      findings: [{ code: "tpm.challengeIssued", severity: "info" }],
    });
    one.client.activateIdentityKey(blob);
    const asked = rig.request("tpm-1", { credentials: one.token("tpm-1") });
    const accepted = await rig.engine.register({ ...asked, body: rig.body(again ? one.body : {}) });
    expect(accepted).toMatchObject({ status: 202 });
    const { operationId } = accepted.body as RegistrationOperationStatus;
    const done = (await rig.engine.operationStatus({ ...asked, operationId })).body as RegistrationOperationStatus;
    one.client.activateIdentityKey(Buffer.from(done.registrationState?.tpm?.authenticationKey ?? "", "base64"));
    const identity = await rig.store.deviceIdentity("127.0.0.1", "tpm-1");
    if (identity?.authentication.type !== "symmetricKey") throw new Error("no key at the hub");
    const parsed = parseSas(one.token("tpm-1").token);
    expect(parsed.ok && isSignedBy(parsed.token, Buffer.from(identity.authentication.primaryKey, "base64"))).toBe(true);
    expect(rig.engine.challenges.size).toBe(0);
  });

  it("polls with its challenge key on a fresh request (HTTPS)", async () => {
    const rig = await rigFor();
    one.client.activateIdentityKey((await challenged(rig, one)).blob);
    const credentials = one.token("tpm-1");
    const accepted = await rig.engine.register({ ...rig.request("tpm-1", { credentials }), body: rig.body(one.body) });
    const { operationId } = accepted.body as RegistrationOperationStatus;
    expect(await rig.engine.operationStatus({ ...rig.request("tpm-1", { credentials }), operationId })).toMatchObject({
      status: 200,
    });
  });

  it("with a different key sees no operation of the device", async () => {
    const rig = await rigFor();
    one.client.activateIdentityKey((await challenged(rig, one)).blob);
    const accepted = await rig.engine.register({
      ...rig.request("tpm-1", { credentials: one.token("tpm-1") }),
      body: rig.body(one.body),
    });
    const { operationId } = accepted.body as RegistrationOperationStatus;
    const stranger = rig.request("tpm-1", { credentials: sas(Buffer.alloc(32, 5), "tpm-1") });
    expect(await rig.engine.operationStatus({ ...stranger, operationId })).toMatchObject({ status: 401 });
  });

  it("is challenged over MQTT only if its enrollment is enabled", async () => {
    expect(await (await rigFor()).engine.admit((await rigFor()).request("tpm-1"))).toEqual({ kind: "challengeOnly" });
    const off = await rigFor({ provisioningStatus: "disabled" });
    expect(await off.engine.admit(off.request("tpm-1"))).toMatchObject({ kind: "refused", reason: "notAuthorized" });
  });
});

describe("a TPM is refused", () => {
  it("when its endorsement key is enrolled for a different device, which the finding names", async () => {
    const rig = await rigFor();
    const { reply, attempt } = await challenged(rig, two);
    expect(reply).toMatchObject({
      status: 400,
      body: { errorCode: 400004, message: "Endorsement key is invalid, or does not match the Enrollment." },
    });
    expect(attempt.findings[0]).toMatchObject({
      code: "tpm.endorsementKeyEnrolledElsewhere",
      nearest: "tpm-2",
      cause: 10,
    });
  });

  it("when its endorsement key is invalid; the finding names the position", async () => {
    const rig = await rigFor();
    const bytes = Buffer.from(one.ek, "base64");
    bytes.writeUInt32BE(0x00040072, 6);
    const sent = { tpm: { endorsementKey: bytes.toString("base64"), storageRootKey: one.srk } };
    const asked = rig.request("tpm-1");
    expect(await rig.engine.register({ ...asked, body: rig.body(sent) })).toMatchObject({ status: 400 });
    expect(asked.attempt.findings[0]).toMatchObject({ code: "tpm.endorsementKeyInvalid" });
    expect(asked.attempt.findings[0]?.title).toContain("objectAttributes at byte 6");
  });

  it("without a storage root key", async () => {
    const rig = await rigFor();
    const asked = rig.request("tpm-1");
    expect(await rig.engine.register({ ...asked, body: rig.body({ tpm: { endorsementKey: one.ek } }) })).toMatchObject({
      status: 400,
    });
    expect(asked.attempt.findings[0]?.code).toBe("tpm.storageRootKeyInvalid");
  });

  it("when it is not enrolled: 404 with 404201", async () => {
    const rig = await rigFor();
    const asked = rig.request("tpm-9");
    expect(await rig.engine.register({ ...asked, body: rig.body(one.body) })).toMatchObject({
      status: 404,
      body: { errorCode: 404201 },
    });
    expect(asked.attempt.findings.map((each) => each.code)).toEqual(["enrollment.notFoundForTpm", "enrollment.nearby"]);
  });

  it("when its token was signed with a different key", async () => {
    const rig = await rigFor();
    await challenged(rig, one);
    const asked = rig.request("tpm-1", { credentials: sas(Buffer.alloc(32, 5), "tpm-1") });
    expect(await rig.engine.admit(asked)).toMatchObject({ kind: "refused", reason: "notAuthorized" });
    expect(await rig.engine.register({ ...asked, body: rig.body(one.body) })).toMatchObject({ status: 401 });
    expect(asked.attempt.findings[0]).toMatchObject({ code: "tpm.wrongChallengeKey", cause: 11 });
  });

  it("when its challenge is too old", async () => {
    const rig = await rigFor();
    one.client.activateIdentityKey((await challenged(rig, one)).blob);
    rig.clock.now += 11 * 60_000;
    const asked = rig.request("tpm-1", { credentials: one.token("tpm-1") });
    expect(await rig.engine.register({ ...asked, body: rig.body() })).toMatchObject({ status: 401 });
    expect(asked.attempt.findings[0]?.code).toBe("tpm.challengeExpired");
    expect(rig.engine.challenges.size).toBe(0);
  });
});

describe("challenges", () => {
  it("of strangers never displace those of the device", async () => {
    const rig = await rigFor();
    one.client.activateIdentityKey((await challenged(rig, one)).blob);
    for (let n = 0; n < 10; n++) {
      rig.engine.challenges.issue({
        registrationId: "tpm-1",
        endorsementKey: Buffer.from(one.ek, "base64"),
        storageRootKey: randomBytes(284),
      });
    }
    const asked = rig.request("tpm-1", { credentials: one.token("tpm-1") });
    expect(await rig.engine.register({ ...asked, body: rig.body() })).toMatchObject({ status: 202 });
  });

  it("are the same on every node that has the secret", async () => {
    const [here, there] = [await rigFor(), await rigFor()];
    one.client.activateIdentityKey((await challenged(here, one)).blob);
    const asked = there.request("tpm-1", { credentials: one.token("tpm-1") });
    expect(await there.engine.admit(asked)).toEqual({ kind: "admitted" });
    expect(await there.engine.register({ ...asked, body: there.body(one.body) })).toMatchObject({ status: 202 });
  });
});
