import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Both, openBoth, program } from "./browser.js";

describe.skipIf(!program)("the overview (needs chromium)", () => {
  let both: Both;
  beforeAll(async () => {
    const attestation = { type: "symmetricKey" as const };
    both = await openBoth({
      seed: {
        enrollments: ["pump-1", "pump-2"].map((registrationId) => ({ registrationId, attestation })),
        enrollmentGroups: [{ enrollmentGroupId: "line-7", attestation }],
      },
    });
  });
  afterAll(() => both.close());

  it("removes the token from the address, and keeps it for this window only", async () => {
    await using portal = await both.open();
    const { page } = portal;
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    expect(page.url()).toBe(`${portal.base}/#/`);
    await expect.poll(() => page.evaluate("history.length")).toBeLessThanOrEqual(2);
    await page.reload();
    await page.getByText(both.service.idScope).waitFor();
    await using other = await both.open({ withToken: false });
    await other.page.getByRole("heading", { name: "Unlock the portal" }).waitFor();
  });

  it("asks for a missing token, says where to find it, and refuses a wrong token", async () => {
    await using portal = await both.open({ withToken: false });
    const { page } = portal;
    await page.getByText("rollcall info").waitFor();
    await page.getByRole("button", { name: "Unlock" }).click();
    await page.getByText("The token is missing.").waitFor();
    await page.getByLabel("Management token").fill("wrong");
    await page.keyboard.press("Enter");
    await page.getByText("The service did not accept this token").waitFor();
    await page.getByLabel("Management token").fill(both.service.rollcall.managementToken);
    await page.keyboard.press("Enter");
    await page.getByText(both.service.idScope).waitFor();
    await page.getByRole("button", { name: "Lock" }).click();
    await page.getByRole("heading", { name: "Unlock the portal" }).waitFor();
    await expect.poll(() => page.evaluate("sessionStorage.length")).toBe(0);
  });

  it("shows and copies the facts that a client needs; the connection string only on demand", async () => {
    await using portal = await both.open();
    const { page } = portal;
    const { info } = both.service.rollcall;
    const copied = async (what: string) => {
      await page.getByRole("button", { name: `Copy ${what}`, exact: true }).click();
      await portal.announced(`${what} copied.`);
      return await page.evaluate("navigator.clipboard.readText()");
    };
    expect(await copied("service endpoint")).toBe(info.serviceEndpoint);
    expect(await copied("device endpoint")).toBe(info.deviceEndpoint);
    expect(await copied("ID scope")).toBe(info.idScope);
    expect(await page.content()).not.toContain("SharedAccessKey=");
    expect(await copied("connection string")).toBe(info.connectionString);
    expect(await page.content()).not.toContain("SharedAccessKey=");
    await page.getByRole("button", { name: "Show connection string" }).click();
    await page.getByText(info.connectionString, { exact: true }).waitFor();
    await page.getByRole("button", { name: "Hide connection string" }).click();
    expect(await page.content()).not.toContain("SharedAccessKey=");
  });

  it("gives the CA certificate to trust: to download, to copy, with its fingerprint and path", async () => {
    await using portal = await both.open();
    const { page } = portal;
    const { caPath, caFingerprint } = both.service.rollcall.info;
    const pem = readFileSync(caPath, "utf8");
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Download" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("rollcall-ca.pem");
    expect(readFileSync(await download.path(), "utf8")).toBe(pem);
    await page.getByRole("button", { name: "Copy CA certificate" }).click();
    await portal.announced("CA certificate copied.");
    await expect.poll(() => page.evaluate("navigator.clipboard.readText()")).toBe(pem);
    await page.getByText(caPath, { exact: true }).waitFor();
    const shown = await page.locator(".fingerprint").textContent();
    expect(shown?.replaceAll(":", "")).toBe(caFingerprint);
  });

  it("shows the number of enrollments, devices and certificates", async () => {
    await using portal = await both.open();
    await portal.page.getByRole("link", { name: "2 Individual enrollments" }).waitFor();
    await portal.page.getByRole("link", { name: "1 Enrollment groups" }).click();
    await portal.page.getByRole("link", { name: "line-7" }).waitFor();
  });

  it("is served with a policy that forbids everything from other hosts", async () => {
    const answer = await fetch(`http://127.0.0.1:${both.service.rollcall.info.ports.dashboard}/`);
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'; script-src 'self'");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    const page = await answer.text();
    const assets = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? "");
    expect(assets.length).toBeGreaterThanOrEqual(3);
    let bytes = 0;
    for (const path of assets) {
      expect(path).toMatch(/^\/assets\//);
      const asset = await fetch(answer.url.slice(0, -1) + path);
      expect([asset.status, asset.headers.get("cache-control")]).toEqual([200, "public, max-age=31536000, immutable"]);
      bytes += gzipSync(Buffer.from(await asset.arrayBuffer())).length;
    }
    // It was 34 kB when this was written; an import of a module of the service would double that.
    expect(bytes).toBeLessThan(48_000);
    expect(page).not.toMatch(/<script(?![^>]*src=)|<style|\son\w+=|style=/);
  });
});
