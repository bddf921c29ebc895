import { expect, it } from "vitest";
import { manyRecords } from "../testing/many-records.js";
import { Growth } from "./growth.js";

it("a table is counted each time that what came in batches has doubled, and the others are not", () => {
  const growth = new Growth();
  const { individuals = [], twins = [] } = manyRecords(500);
  const counted = Array.from({ length: 16 }, (_, batch) => (growth.add({ individuals }).length > 0 ? batch + 1 : 0));
  expect(counted.filter((batches) => batches > 0)).toEqual([2, 4, 8, 16]);
  expect(growth.add({ twins })).toEqual([]);
  expect(growth.add({ twins })).toEqual(["twins"]);
});

it("what comes all at once is counted at once", () => {
  expect(new Growth().add(manyRecords(999))).toEqual(["enrollments", "look_ups"]);
  const tables = ["enrollments", "look_ups", "registrations", "device_identities", "twins"];
  expect(new Growth().add(manyRecords(1000))).toEqual(tables);
  expect(new Growth().add({})).toEqual([]);
});
