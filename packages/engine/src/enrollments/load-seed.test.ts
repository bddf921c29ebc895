import { randomBytes } from "node:crypto";
import { limits, seedSchema } from "@rollcall/protocol";
import { expect, it } from "vitest";
import { MemoryStore } from "../memory/memory-store.js";
import { loadSeed } from "./load-seed.js";

const context = { now: 0, random: randomBytes, etag: () => "etag" };
const groups = (from: number, count: number) =>
  seedSchema.parse({
    enrollmentGroups: Array.from({ length: count }, (_, n) => ({
      enrollmentGroupId: `g${from + n}`,
      attestation: { type: "symmetricKey" },
    })),
  });

it("the limit applies to the groups of several seeds together; existing groups do not count twice", async () => {
  const store = new MemoryStore();
  const most = limits.symmetricKeyGroups;
  expect(await loadSeed(store, groups(0, most - 10), context)).toMatchObject({ groups: most - 10, kept: 0 });
  await expect(loadSeed(store, groups(most - 10, 11), context)).rejects.toMatchObject({
    path: "enrollmentGroups",
    message: expect.stringContaining(
      `there would be ${most + 1} symmetric-key enrollment groups; the limit is ${most}`,
    ),
  });
  expect((await store.counts()).enrollmentGroups).toBe(most - 10);
  expect(await loadSeed(store, groups(0, most), context)).toMatchObject({ groups: 10, kept: most - 10 });
});
