import { managementRoutes, operatorRoutes, serviceRoutes } from "@rollcall/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Both, openBoth, program } from "./browser.js";

describe.skipIf(!program)("the documentation of the API (needs chromium)", () => {
  let both: Both;
  beforeAll(async () => {
    both = await openBoth({
      seed: { enrollments: [{ registrationId: "pump-1", attestation: { type: "symmetricKey" } }] },
    });
  });
  afterAll(() => both.close());

  it("shows every route, and tries a route with the token, without a request to any other host", async () => {
    await using portal = await both.open({ withToken: false });
    const { page, base } = portal;
    await page.goto(`${base}/docs`);
    await page.locator(".opblock").first().waitFor();
    const routes = [serviceRoutes, operatorRoutes, managementRoutes].flatMap((table) => Object.keys(table));
    await expect.poll(() => page.locator(".opblock").count()).toBe(routes.length);
    await page.getByRole("button", { name: "Authorize" }).first().click();
    await page.locator(".auth-container input").fill(both.service.rollcall.managementToken);
    await page.locator(".auth-container").getByRole("button", { name: "Apply credentials" }).click();
    await page.locator(".dialog-ux").getByRole("button", { name: "Close" }).first().click();
    const operation = page.locator(".opblock", { hasText: "Get enrollment" }).first();
    await operation.locator("button").first().click();
    await operation.getByRole("button", { name: "Try it out" }).click();
    await operation.locator("tr[data-param-name=id] input").fill("pump-1");
    await operation.getByRole("button", { name: "Execute" }).click();
    await operation.locator(".live-responses-table .response-col_status", { hasText: "200" }).waitFor();
    await expect
      .poll(() => operation.locator(".live-responses-table").textContent())
      .toContain('"provisioningStatus": "enabled"');
  });
});
