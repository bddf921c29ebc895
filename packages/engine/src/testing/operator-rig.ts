import { randomBytes } from "node:crypto";
import type { LinkedHub } from "@rollcall/protocol";
import { MemoryStore } from "../memory/memory-store.js";
import { createOperator } from "../operator/operator.js";
import type { RegistrationRecord } from "../records/records.js";

/** 2026-11-23T00:00:00Z */
const START = Date.UTC(2026, 10, 23);
const hub = (host: string): LinkedHub => ({ host, weight: 1, applyAllocationPolicy: true });

/** An operator over a memory store, with a clock that tests set. */
export function operatorRig() {
  const clock = { now: START };
  const store = new MemoryStore();
  const hubs = { linked: () => [hub("hub-a.test"), hub("hub-b.test")] };
  const context = { store, hubs, clock: () => clock.now, random: randomBytes, clusterSecret: Buffer.alloc(32, 7) };
  return { clock, store, context, operator: createOperator(context) };
}

/** A registration record in the form that a device's registration leaves. */
export function registrationOf(
  registrationId: string,
  enrollment: RegistrationRecord["enrollment"],
  over: Partial<RegistrationRecord> = {},
): RegistrationRecord {
  return {
    registrationId,
    enrollment,
    attestation: "symmetricKey",
    operations: [{ id: "4.0.0", startedAt: 1, readyAt: 1 }],
    result: { status: "assigned", assignedHub: "hub-a.test", deviceId: registrationId, substatus: "initialAssignment" },
    createdAt: START,
    updatedAt: START,
    etag: "InIxIg==",
    ...over,
  };
}
