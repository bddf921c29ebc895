import type { LinkedHub, RegistrationOperationStatus } from "@rollcall/protocol";
import { describe, expect, it } from "vitest";
import type { Assignment } from "../records/records.js";
import { engineRig, sas } from "../testing/rig.js";
import type { Allocator, AllocatorAnswer } from "./allocator.js";

const KEY = Buffer.alloc(32, 1);
const attestation = {
  type: "symmetricKey" as const,
  symmetricKey: { primaryKey: KEY.toString("base64"), secondaryKey: KEY.toString("base64") },
};
const hub = (host: string): LinkedHub => ({ host, weight: 1, applyAllocationPolicy: true });
const enrollment = {
  registrationId: "a",
  attestation,
  allocationPolicy: "custom" as const,
  customAllocationDefinition: { webhookUrl: "http://function.test/a?code=secret", apiVersion: "2021-10-01" },
};
const chosen = (host: string): AllocatorAnswer => ({
  kind: "answered",
  ms: 3,
  status: 200,
  body: Buffer.from(JSON.stringify({ iotHubHostName: host })),
});

type Ask = Allocator["ask"];

async function rigWith(answer: (...asked: Parameters<Ask>) => AllocatorAnswer | Promise<AllocatorAnswer>) {
  const asked: Parameters<Ask>[] = [];
  const allocator: Allocator = {
    ask: async (...call) => {
      asked.push(call);
      return answer(...call);
    },
  };
  const rig = await engineRig({
    hubs: [hub("h1.test"), hub("h2.test")],
    enrollments: [enrollment],
    engine: { allocator },
  });
  const register = async () => {
    const request = rig.request("a", { credentials: sas(KEY, "a") });
    const accepted = await rig.engine.register({ ...request, body: rig.body() });
    if (accepted.status !== 202) return { accepted, attempt: request.attempt };
    const { operationId } = accepted.body as RegistrationOperationStatus;
    const { body } = await rig.engine.operationStatus({ ...request, operationId });
    return { accepted, attempt: request.attempt, state: (body as RegistrationOperationStatus).registrationState };
  };
  return { ...rig, asked, register };
}

describe("a webhook", () => {
  it("is called at its whole address; the body has the masked address", async () => {
    const { register, asked } = await rigWith(() => chosen("h2.test"));
    expect((await register()).state).toMatchObject({ assignedHub: "h2.test" });
    expect(asked[0]?.[0]).toBe("http://function.test/a?code=secret");
    expect(JSON.stringify(asked[0]?.[1])).not.toContain("secret");
  });

  it("is not called again after another registration came in between, unless the device moved", async () => {
    const { register, asked, store } = await rigWith(() => chosen("h2.test"));
    await register();
    const save = store.saveAssignment.bind(store);
    const overtaken: Assignment["registration"]["result"][] = [];
    store.saveAssignment = async (assignment) => {
      const before = await store.registration("a");
      if (!before || overtaken.length === 2) return save(assignment);
      // Another registration wins twice: the first registers the device unchanged, the second moves it to h1.
      const isFirst = overtaken.length === 0;
      const result = isFirst ? before.result : { ...before.result, assignedHub: "h1.test" };
      overtaken.push(result);
      await save({ registration: { ...before, result, etag: `e${overtaken.length}` }, expectedEtag: before.etag });
      return save(assignment);
    };
    const { state } = await register();
    expect(state).toMatchObject({ status: "assigned", assignedHub: "h2.test" });
    // The first registration; the second, which lost once without a change; and a repeated call from h1.
    expect(asked.map(([, request]) => request.deviceRuntimeContext.currentIotHubHostName)).toEqual([
      undefined,
      "h2.test",
      "h1.test",
    ]);
  });

  it("is called once for each of two simultaneous registrations, and the second attempt names the first", async () => {
    const waiting: (() => void)[] = [];
    const { register, asked, engine, request, body } = await rigWith(
      () => new Promise((resolve) => waiting.push(() => resolve(chosen("h1.test")))),
    );
    const first = register();
    await expect.poll(() => asked.length).toBe(1);
    const other = request("A", { credentials: sas(KEY, "A") });
    const second = engine.register({ ...other, body: body() });
    await expect.poll(() => asked.length).toBe(2);
    for (const go of waiting) go();
    const { state, attempt } = await first;
    expect(state).toMatchObject({ status: "assigned", assignedHub: "h1.test" });
    await expect.poll(() => asked.length).toBe(3);
    for (const go of waiting) go();
    expect(await second).toMatchObject({ status: 202 });
    expect(attempt.findings).toEqual([]);
    expect(other.attempt.findings).toMatchObject([{ code: "registration.atOnce", cause: 18, severity: "warning" }]);
    expect(other.attempt.findings[0]?.remedy).toContain(attempt.trackingId);
  });

  it("is not called under the policy never, and the attempt says so", async () => {
    const { register, asked, load } = await rigWith(() => chosen("h2.test"));
    await register();
    await load({
      enrollments: [{ ...enrollment, reprovisionPolicy: { updateHubAssignment: false, migrateDeviceData: true } }],
    });
    const { state, attempt } = await register();
    expect(state).toMatchObject({ assignedHub: "h2.test", substatus: "reprovisionedToInitialAssignment" });
    expect(asked).toHaveLength(1);
    expect(attempt.findings).toMatchObject([{ code: "reprovision.webhookNotAsked", cause: 23, severity: "info" }]);
  });

  it("whose enrollment is deleted during the call has no effect", async () => {
    const { register, store } = await rigWith(async () => {
      await store.removeIndividual("a");
      return chosen("h2.test");
    });
    const { accepted, attempt } = await register();
    expect(accepted).toMatchObject({ status: 401, body: { errorCode: 401002 } });
    expect(attempt.findings[0]).toMatchObject({ code: "enrollment.notFound", got: "deleted meanwhile" });
    expect(await store.registration("a")).toBeUndefined();
  });

  it("that answers slowly does not shorten the assigning time of a registration", async () => {
    const rig = await rigWith(() => {
      rig.clock.now += 4000;
      return chosen("h1.test");
    });
    await rig.register();
    const operation = (await rig.store.registration("a"))?.operations[0];
    expect(operation?.startedAt).toBe(rig.clock.now);
  });
});

describe("a device whose registration is always overtaken", () => {
  it("is refused after the last try, and the finding names the latest operation", async () => {
    const { register, store, asked } = await rigWith(() => chosen("h1.test"));
    await register();
    const save = store.saveAssignment.bind(store);
    let count = 0;
    store.saveAssignment = async () => {
      const before = await store.registration("a");
      if (before) await save({ registration: { ...before, etag: `other ${count++}` }, expectedEtag: before.etag });
      return false;
    };
    const { accepted, attempt } = await register();
    expect(accepted).toMatchObject({ status: 409, body: { errorCode: 409203 } });
    expect(attempt.findings[0]).toMatchObject({ code: "registration.conflict", cause: 18, blame: "device" });
    expect(attempt.findings[0]?.title).toContain((await store.registration("a"))?.operations[0]?.id);
    expect(count).toBe(5);
    expect(asked).toHaveLength(2);
  });
});
