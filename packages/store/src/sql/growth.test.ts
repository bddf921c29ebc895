import { expect, it } from "vitest";
import { manyRecords } from "../testing/many-records.js";
import { Growth } from "./growth.js";

it("a table is analysed each time its rows have doubled, and other tables are not", () => {
  const growth = new Growth();
  const { individuals = [], twins = [] } = manyRecords(500);
  const analysedAfter = Array.from({ length: 16 }, (_, batch) =>
    growth.add({ individuals }).length > 0 ? batch + 1 : 0,
  );
  expect(analysedAfter.filter((batches) => batches > 0)).toEqual([2, 4, 8, 16]);
  expect(growth.add({ twins })).toEqual([]);
  expect(growth.add({ twins })).toEqual(["twins"]);
});

it("a table that gets many rows at once is analysed at once", () => {
  expect(new Growth().add(manyRecords(999))).toEqual(["enrollments", "look_ups"]);
  const tables = ["enrollments", "look_ups", "registrations", "device_identities", "twins"];
  expect(new Growth().add(manyRecords(1000))).toEqual(tables);
  expect(new Growth().add({})).toEqual([]);
});
