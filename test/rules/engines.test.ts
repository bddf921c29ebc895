import { expect, test } from "vitest";
import { rangeAccepts } from "../../scripts/check-engines.mjs";

const accepted = [
  ">=20",
  ">= 14.18.0",
  "^18 || >=20",
  "20 || >=22",
  "^20.19.0 || >=22.12.0",
  "*",
  ">=18 <21",
  "18 - 20",
  "20.x",
  "~20.20",
  ">=4.x",
];
const refused = [">=22", "^22.12.0 || >=24", ">=20.21", "<20", "18 - 19", "20.19.x", "~20.19.0", ">20", "=20.19.0"];

test.each(accepted)("20.20.0 satisfies %s", (range) => {
  expect(rangeAccepts(range, "20.20.0")).toBe(true);
});

test.each(refused)("20.20.0 does not satisfy %s", (range) => {
  expect(rangeAccepts(range, "20.20.0")).toBe(false);
});
