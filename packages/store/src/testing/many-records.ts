import type { GroupRecord, IndividualRecord, RegistrationRecord, StoreRecords } from "@rollcall/engine";
import { assignmentOf, individualOf } from "./crash-records.js";

const manyIds = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from }, (_, n) => `device-${String(from + n).padStart(5, "0")}`);

const line: GroupRecord = (() => {
  const { registrationId: _id, source, ...base } = individualOf("line");
  const keys = { type: "symmetricKey" as const, primaryKey: "cA==", secondaryKey: "cw==" };
  const own = {
    enrollmentGroupId: "line",
    attestation: { type: "symmetricKey" as const },
    provisioningStatus: source.provisioningStatus,
  };
  return { ...base, kind: "group", enrollmentGroupId: "line", attestation: keys, source: own };
})();

function enrolled(id: string, n: number): IndividualRecord {
  return { ...individualOf(id), provisioningStatus: n % 10 === 0 ? "disabled" : "enabled" };
}

/** Enrollments with endorsement keys, and as many registered devices. Every second device belongs to a group. */
export function manyRecords(count: number): StoreRecords {
  const ids = manyIds(0, count);
  const assignments = ids.map((id) => assignmentOf(id, 1));
  const registrations = assignments.map(
    ({ registration }, n): RegistrationRecord =>
      n % 2 === 0 ? registration : { ...registration, enrollment: { kind: "group", id: "line" } },
  );
  return {
    individuals: ids.map(enrolled),
    groups: [line],
    registrations,
    identities: assignments.flatMap(({ identity }) => identity ?? []),
    twins: assignments.flatMap(({ twin }) => twin ?? []),
  };
}
