import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { putIndividual, register } from "../integration/operating.js";
import { symmetricIndividual } from "../integration/symmetric.js";
import { type Both, openBoth, program } from "./browser.js";

const key = Buffer.alloc(32, 41).toString("base64");

describe.skipIf(!program)("the list of attempts (needs chromium)", () => {
  let both: Both;
  beforeAll(async () => {
    both = await openBoth();
  });
  afterAll(() => both.close());

  it("fills by itself while devices register, and a row opens to its findings", async () => {
    await putIndividual(both.service, symmetricIndividual("good-1", key));
    await putIndividual(both.service, { ...symmetricIndividual("off-1", key), provisioningStatus: "disabled" });
    await using portal = await both.open();
    const { page } = portal;
    await page.getByRole("link", { name: "Attempts", exact: true }).click();
    await page.getByText("live", { exact: true }).waitFor();
    await register(both.service, { registrationId: "good-1", key });
    await page.getByRole("row", { name: /good-1 MQTT, Symmetric key assigned/ }).waitFor();
    await register(both.service, { registrationId: "off-1", key });
    const row = page.getByRole("row", { name: /off-1 MQTT, Symmetric key refused .*disabled/ });
    await row.waitFor();
    // Newest first.
    await expect.poll(() => page.getByRole("button", { name: /-1$/ }).allTextContents()).toEqual(["off-1", "good-1"]);
    const button = row.getByRole("button", { name: "off-1" });
    await button.click();
    await expect.poll(() => button.getAttribute("aria-expanded")).toBe("true");
    const findings = page.getByRole("list").filter({ hasText: "enrollment.disabled" });
    for (const name of ["About", "Remedy", "Who has to act"]) await findings.getByText(name, { exact: true }).waitFor();
    await page.getByText("status 401, error 401002, Unauthorized").waitFor();
    await page.getByLabel("Outcome").selectOption("assigned");
    await expect.poll(() => page.getByRole("button", { name: /-1$/ }).allTextContents()).toEqual(["good-1"]);
  });

  it("says when it is interrupted, and is complete again when the stream is back", async () => {
    await using portal = await both.open();
    const { page } = portal;
    let cut = true;
    await page.route("**/events/attempts", (route) => (cut ? route.abort() : route.continue()));
    await portal.go("/attempts");
    await page.getByText("interrupted", { exact: true }).waitFor();
    both.service.rollcall.attempts.begin({
      at: "service",
      registrationId: "meanwhile",
      transport: "http",
      remote: "127.0.0.1:1",
      acceptedAt: Date.now(),
    });
    cut = false;
    await page.getByText("live", { exact: true }).waitFor();
    await page.getByRole("button", { name: "meanwhile" }).waitFor();
  });

  it("shows untrusted text as text, never as markup", async () => {
    const hostile = `<img src=x onerror="complain('ran')"><b>bold</b>&amp;`;
    const attempt = both.service.rollcall.attempts.begin({
      at: "service",
      registrationId: hostile,
      idScope: "<script>complain('ran')</script>",
      transport: "mqtt",
      remote: "127.0.0.1:1",
      clientVersion: "javascript:complain('ran')",
      acceptedAt: Date.now(),
    });
    attempt.outcome = "refused";
    await using portal = await both.open();
    const { page } = portal;
    await portal.go("/attempts");
    await page.getByRole("button", { name: hostile }).click();
    await page.getByText("<script>complain('ran')</script>", { exact: true }).waitFor();
    await expect.poll(() => page.locator("main img, main script, main b").count()).toBe(0);
  });
});
