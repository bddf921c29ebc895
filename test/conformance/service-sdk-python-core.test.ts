import { type Rollcall, startRollcall } from "@rollcall/service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { installPythonSdk, type PythonSdk, pythonCoreService } from "./python-sdk.js";
import { runClient } from "./run-client.js";

type Body = Record<string, unknown>;
interface Life
  extends Record<"created" | "read" | "updated" | "overtaken" | "malformed" | "mechanism" | "bulkGone", Body> {
  readonly bulk: readonly Body[];
  readonly pages: readonly (readonly string[])[];
  readonly all: readonly string[];
}
interface Told {
  readonly individual: Life;
  readonly group: Life;
  readonly registrations: readonly (readonly string[])[];
  readonly state: Body;
  readonly notForgotten: Body;
  readonly forgotten: Body;
  readonly gone: readonly Body[];
}

const keys = {
  type: "symmetricKey",
  symmetricKey: {
    primaryKey: Buffer.alloc(32, 1).toString("base64"),
    secondaryKey: Buffer.alloc(64, 2).toString("base64"),
  },
};
const initialTwin = { tags: { site: "north" }, properties: { desired: { interval: 5 } } };
const individual = { registrationId: "pump:1", deviceId: "Pump-1", attestation: keys, initialTwin };
const group = { enrollmentGroupId: "line-3", attestation: keys, allocationPolicy: "hashed" };
const registered = ["d-1", "d-2", "d-3"];

describe("the unmodified Python service SDK on azure-core, of api-version 2021-10-01", () => {
  let service: Rollcall;
  let sdk: PythonSdk;

  beforeAll(async () => {
    sdk = await installPythonSdk("coreService");
    service = await startRollcall();
    for (const registrationId of registered) {
      const assigned = { status: "assigned", assignedHub: "127.0.0.1", deviceId: registrationId } as const;
      await service.store.saveAssignment({
        registration: {
          registrationId,
          enrollment: { kind: "group", id: "line-3" },
          attestation: "symmetricKey",
          operations: [{ id: "4.0.0", startedAt: 1, readyAt: 1 }],
          result: { ...assigned, substatus: "initialAssignment" },
          createdAt: Date.UTC(2026, 10, 22),
          updatedAt: Date.UTC(2026, 10, 22),
          etag: "InIxIg==",
        },
      });
    }
  }, 120_000);
  afterAll(() => service?.stop());

  test("calls everything that it has", async ({ skip }) => {
    if ("missing" in sdk) return skip(sdk.missing);
    const { connectionString, caPath } = service.info;
    const told = (await runClient({
      command: pythonCoreService,
      env: { PYTHONPATH: sdk.folder, PYTHONDONTWRITEBYTECODE: "1" },
      caPath,
      job: { connectionString, individual, group, registrationId: "d-2" },
      // The client reports by names of its own.
    })) as unknown as Told;
    checkLife(told.individual, { member: "registrationId", id: "pump:1", said: individual });
    checkLife(told.group, { member: "enrollmentGroupId", id: "line-3", said: group });
    expect(told.registrations).toEqual([["d-1", "d-2"], ["d-3"]]);
    expect(told.state).toMatchObject({ registrationId: "d-2", status: "assigned", substatus: "initialAssignment" });
    expect(told.notForgotten).toEqual({ name: "HttpResponseError", status: 412, errorCode: 412001 });
    const notFound = { name: "ResourceNotFoundError", status: 404 };
    expect(told.forgotten).toEqual({ ...notFound, errorCode: 404201 });
    expect(told.gone).toEqual([
      { ...notFound, errorCode: 404201 },
      { ...notFound, errorCode: 404202 },
    ]);
  });
});

function checkLife(life: Life, { member, id, said }: { member: string; id: string; said: object }): void {
  const { attestation: _, ...shown } = said as { attestation: unknown };
  expect(life.created).toMatchObject({
    ...shown,
    attestation: { type: "symmetricKey" },
    provisioningStatus: "enabled",
  });
  expect(life.created["attestation"]).toEqual({ type: "symmetricKey" });
  expect(life.read).toEqual(life.created);
  expect(life.updated).toMatchObject({ ...shown, provisioningStatus: "disabled" });
  expect(life.mechanism).toEqual(keys);
  expect(life.overtaken).toEqual({ name: "HttpResponseError", status: 412, errorCode: 412001 });
  expect(life.malformed).toEqual({ name: "HttpResponseError", status: 400, errorCode: 400004 });
  const bulk = [0, 1, 2, 3].map((n) => `${id}-${n}`);
  const errors = bulk.map((each) => ({ [member]: each, errorCode: 409201, errorStatus: "Already exists." }));
  expect(life.bulk).toEqual([
    { isSuccessful: true, errors: [] },
    { isSuccessful: false, errors },
  ]);
  expect(life.pages).toEqual([[id, bulk[0]], [bulk[1], bulk[2]], [bulk[3]]]);
  expect(life.all).toEqual([id, ...bulk]);
  expect(life.bulkGone).toEqual({ isSuccessful: true, errors: [] });
}
