import { individualRecord } from "@rollcall/engine";
import { individualEnrollmentSchema } from "@rollcall/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Both, openBoth, program } from "./browser.js";

const COUNT = 100_000;
const idOf = (index: number) => `pump-${String(index).padStart(6, "0")}`;

describe.skipIf(!program)("a list of 100,000 enrollments (needs chromium)", () => {
  let both: Both;
  beforeAll(async () => {
    both = await openBoth();
    const context = { now: 0, random: (size: number) => Buffer.alloc(size, 1), etag: () => "e" };
    const [sample] = ["x"].map((registrationId) =>
      individualRecord(
        individualEnrollmentSchema.parse({ registrationId, attestation: { type: "symmetricKey" } }),
        context,
      ),
    );
    const individuals = Array.from({ length: COUNT }, (_, index) => ({
      ...sample!,
      registrationId: idOf(index),
      source: { ...sample!.source, registrationId: idOf(index) },
      provisioningStatus: index % 1000 === 7 ? ("disabled" as const) : ("enabled" as const),
    }));
    await both.service.rollcall.store.restore({ individuals });
  }, 120_000);
  afterAll(() => both.close());

  it("is shown page by page, forwards and back, and never loaded completely", async () => {
    await using portal = await both.open();
    const { page } = portal;
    let bytes = 0;
    page.on("response", async (response) => {
      if (new URL(response.url()).pathname === "/enrollments") bytes += (await response.body()).length;
    });
    await portal.go("/enrollments/individual");
    await page.getByText("100,000 individual enrollments").waitFor();
    await page.getByRole("link", { name: idOf(49), exact: true }).waitFor();
    await expect.poll(() => page.getByRole("link", { name: /^pump-/ }).count()).toBe(50);
    await expect.poll(() => page.getByRole("button", { name: "Previous" }).isDisabled()).toBe(true);
    await page.getByRole("button", { name: "Next" }).click();
    await page.getByRole("link", { name: idOf(50), exact: true }).waitFor();
    await page.getByRole("button", { name: "Next" }).click();
    await page.getByRole("link", { name: idOf(149), exact: true }).waitFor();
    await page.getByText("Page 3").waitFor();
    await page.getByRole("button", { name: "Previous" }).click();
    await page.getByRole("link", { name: idOf(99), exact: true }).waitFor();
    await page.getByText("Page 2").waitFor();
    expect(bytes).toBeLessThan(400_000);
    await expect.poll(() => page.evaluate("document.querySelectorAll('*').length")).toBeLessThan(2_000);
  });

  it("is searched by a part of the id, and filtered by status", async () => {
    await using portal = await both.open();
    const { page } = portal;
    await portal.go("/enrollments/individual");
    await page.getByLabel("Search by registration id").fill("P-09900");
    await page.getByRole("link", { name: idOf(99_009), exact: true }).waitFor();
    await expect.poll(() => page.getByRole("link", { name: /^pump-/ }).count()).toBe(10);
    await page.getByLabel("Status").selectOption("disabled");
    await expect.poll(() => page.getByRole("link", { name: /^pump-/ }).allTextContents()).toEqual([idOf(99_007)]);
    await page.getByLabel("Search by registration id").fill("");
    await page.getByRole("link", { name: idOf(49_007), exact: true }).waitFor();
    await expect.poll(() => page.getByText("enabled", { exact: true }).count()).toBe(0);
    await page.getByRole("button", { name: "Next" }).click();
    await page.getByRole("link", { name: idOf(99_007), exact: true }).waitFor();
    await expect.poll(() => page.getByRole("button", { name: "Next" }).isDisabled()).toBe(true);
    await page.getByLabel("Search by registration id").fill("nothing like it");
    await page.getByText("No enrollment matches the search.").waitFor();
  });

  it("shows the enrollment that was just added, regardless of its place in the order", async () => {
    await using portal = await both.open();
    const { page } = portal;
    await portal.go("/add/individual");
    await page.getByLabel("Symmetric key").check();
    await page.getByLabel("Registration ID").fill("zz-the-last");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("row", { name: /zz-the-last just saved enabled/ }).waitFor();
    await expect.poll(() => page.getByRole("link", { name: /^pump-/ }).count()).toBe(50);
    await page.getByRole("link", { name: "Enrollment Groups" }).click();
    await page.getByRole("link", { name: "Individual Enrollments" }).click();
    await page.getByRole("link", { name: idOf(0), exact: true }).waitFor();
    await expect.poll(() => page.getByRole("link", { name: "zz-the-last" }).count()).toBe(0);
  });
});
