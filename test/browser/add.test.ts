import { issueLeaf, issueRoot } from "@rollcall/pki";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tpmVectors } from "../fixtures/tpm-vectors.js";
import { type Both, file, openBoth, program } from "./browser.js";

describe.skipIf(!program)("adding enrollments (needs chromium)", () => {
  let both: Both;
  beforeAll(async () => {
    both = await openBoth({ hubs: [{ host: "127.0.0.1" }, { host: "127.0.0.2" }] });
  });
  afterAll(() => both.close());

  const store = () => both.service.rollcall.store;
  const save = (page: Page) => page.getByRole("button", { name: "Save" }).click();
  /** The fault of a field, as a screen reader announces it. */
  const faultOf = async (page: Page, label: string) => {
    const described = await page.getByLabel(label, { exact: true }).getAttribute("aria-describedby");
    const id = described?.split(" ").find((each) => each.endsWith("-fault"));
    return id === undefined ? "" : await page.locator(`[id="${id}"]`).textContent();
  };

  it("a group by the file of its root certificate, which its tab then shows", async () => {
    const root = await issueRoot({ commonName: "Factory Root" });
    await using portal = await both.open();
    const { page } = portal;
    await page.getByRole("link", { name: "Enrollments", exact: true }).click();
    await page.getByRole("link", { name: "Add enrollment group" }).click();
    await page.getByLabel("Primary certificate").setInputFiles(file("root.pem", root.certificatePem));
    await page.getByText("CA certificate", { exact: true }).waitFor();
    await page.getByText("CN=Factory Root", { exact: true }).waitFor();
    await page.getByText("(self-signed)").waitFor();
    await page.getByLabel("Group name").fill("line-7");
    await page.getByLabel("127.0.0.2").check();
    await page.getByLabel("Static").check();
    await page.getByLabel("Re-provision and reset to the initial twin").check();
    await page
      .getByLabel("Initial twin", { exact: true })
      .fill('{"tags":{"site":"north"},"properties":{"desired":{"interval":5}}}');
    await page.getByRole("button", { name: "Format" }).click();
    await expect
      .poll(() => page.getByLabel("Initial twin", { exact: true }).inputValue())
      .toContain('  "tags": {\n    "site": "north"');
    await page.getByLabel("The devices are IoT Edge devices").check();
    await save(page);
    await portal.announced("line-7 is saved");
    await page.getByRole("row", { name: /line-7 just saved enabled X\.509 Static/ }).waitFor();
    expect(await store().enrollmentGroup("line-7")).toMatchObject({
      attestation: { type: "x509", holds: "signingCertificates", primary: { thumbprint: root.certificate.sha256 } },
      allocationPolicy: "static",
      iotHubs: ["127.0.0.2"],
      iotEdge: true,
      provisioningStatus: "enabled",
      initialTwin: { tags: { site: "north" }, desired: { interval: 5 } },
      reprovisionPolicy: { updateHubAssignment: true, migrateDeviceData: false },
    });
    await page.getByRole("link", { name: "line-7" }).click();
    await page.getByRole("heading", { name: "line-7 enabled" }).waitFor();
  });

  it("a group by a DER file, and with a secondary certificate", async () => {
    const [first, second] = await Promise.all([issueRoot({ commonName: "One" }), issueRoot({ commonName: "Two" })]);
    await using portal = await both.open();
    const { page } = portal;
    await portal.go("/add/groups");
    await page.getByLabel("Primary certificate").setInputFiles(file("one.cer", first.certificate.der));
    await page.getByLabel("Secondary certificate (optional)").setInputFiles(file("two.cer", second.certificate.der));
    await page.getByText("CN=Two", { exact: true }).first().waitFor();
    await page.getByLabel("Group name").fill("two-roots");
    await save(page);
    await portal.announced("two-roots is saved");
    expect(await store().enrollmentGroup("two-roots")).toMatchObject({
      attestation: {
        primary: { thumbprint: first.certificate.sha256 },
        secondary: { thumbprint: second.certificate.sha256 },
      },
    });
  });

  it("refuses a leaf as root certificate, with the reason, and saves nothing", async () => {
    const root = await issueRoot({ commonName: "Root" });
    const leaf = await issueLeaf({ commonName: "pump-9", parent: root });
    await using portal = await both.open();
    const { page } = portal;
    await portal.go("/add/groups");
    await page.getByLabel("Primary certificate").setInputFiles(file("leaf.pem", leaf.certificatePem));
    await page.getByText("This is a leaf certificate: CN=pump-9 is not a CA certificate").waitFor();
    await page.getByText("leaf certificate", { exact: true }).waitFor();
    await page.getByLabel("Group name").fill("leafy");
    await save(page);
    await expect.poll(() => faultOf(page, "Primary certificate")).toContain("This is a leaf certificate");
    expect(await store().enrollmentGroup("leafy")).toBeUndefined();
    await page.getByLabel("Primary certificate").setInputFiles(file("root.pem", root.certificatePem));
    await page.getByText("CA certificate", { exact: true }).waitFor();
    await save(page);
    await portal.announced("leafy is saved");
  });

  it.each([
    [
      "a private key",
      async () => (await issueRoot({ commonName: "R" })).privateKeyPem,
      "contains a private key. It was not sent",
    ],
    ["a text", async () => "hello", "is not base64"],
    ["nothing", async () => "", "The file is empty."],
    [
      "a certificate that is cut short",
      async () => (await issueRoot({ commonName: "R" })).certificate.der.subarray(0, 200),
      "The certificate is not well formed",
    ],
  ])("refuses %s as certificate", async (_what, content, reason) => {
    await using portal = await both.open();
    const { page } = portal;
    await portal.go("/add/groups");
    await page.getByLabel("Primary certificate").setInputFiles(file("cut.pem", await content()));
    await page.locator(".fault", { hasText: reason }).waitFor();
    await expect.poll(() => page.locator(".reading").count()).toBe(0);
  });

  it("an individual by its own certificate, whose common name becomes the registration id", async () => {
    const root = await issueRoot({ commonName: "Root" });
    const leaf = await issueLeaf({ commonName: "pump-0042", parent: root });
    await using portal = await both.open();
    const { page } = portal;
    await portal.go("/enrollments/individual");
    await page.getByRole("link", { name: "Add individual enrollment" }).click();
    await page.getByLabel("Primary certificate").setInputFiles(file("pump.pem", leaf.certificatePem));
    await expect.poll(() => page.getByLabel("Registration ID").inputValue()).toBe("pump-0042");
    await page.getByLabel("Device ID").fill("Pump_42");
    await page.getByLabel("Enable this enrollment").uncheck();
    await save(page);
    await portal.announced("pump-0042 is saved");
    expect(await store().individualEnrollment("pump-0042")).toMatchObject({
      deviceId: "Pump_42",
      provisioningStatus: "disabled",
      attestation: { type: "x509", holds: "clientCertificates", primary: { thumbprint: leaf.certificate.sha256 } },
    });
    await page.getByRole("row", { name: /pump-0042 .*disabled X\.509/ }).waitFor();
  });

  it("an individual by its endorsement key, from which the registration id is computed", async () => {
    const { ek, registrationId } = tpmVectors.rsa;
    await using portal = await both.open();
    const { page } = portal;
    await portal.go("/add/individual");
    await page.getByLabel("TPM").check();
    await page.getByLabel("Endorsement key").fill("AAAA");
    await page.locator(".fault", { hasText: "It is not an endorsement key" }).waitFor();
    await page.getByLabel("Endorsement key").fill(ek.tpm2bPublicBase64);
    await expect.poll(() => page.getByLabel("Registration ID").inputValue()).toBe(registrationId);
    await page.getByText("RSA, 2048 bits").waitFor();
    await save(page);
    await portal.announced(`${registrationId} is saved`);
    expect(await store().individualEnrollment(registrationId)).toMatchObject({
      attestation: { type: "tpm", endorsementKey: ek.tpm2bPublicBase64 },
    });
  });

  it("an individual by keys that are typed, generated here, or generated by the service", async () => {
    const typed = Buffer.alloc(32, 7).toString("base64");
    await using portal = await both.open();
    const { page } = portal;
    await portal.go("/add/individual");
    await page.getByLabel("Symmetric key").check();
    await page.getByLabel("Generate keys").uncheck();
    await page.getByLabel("Primary key", { exact: true }).fill("short");
    await page.getByRole("button", { name: "Generate secondary key" }).click();
    const generated = await page.getByLabel("Secondary key", { exact: true }).inputValue();
    expect(Buffer.from(generated, "base64")).toHaveLength(64);
    await page.getByLabel("Registration ID").fill("keyed-1");
    await save(page);
    // The service reports the fault, and the page shows it at the field.
    await expect.poll(() => faultOf(page, "Primary key")).toBe("It is not base64.");
    await page.getByLabel("Primary key", { exact: true }).fill(typed);
    await save(page);
    await portal.announced("keyed-1 is saved");
    expect(await store().individualEnrollment("keyed-1")).toMatchObject({
      attestation: { type: "symmetricKey", primaryKey: typed, secondaryKey: generated },
    });
    await portal.go("/add/individual");
    await page.getByLabel("Symmetric key").check();
    await page.getByLabel("Registration ID").fill("keyed-2");
    await save(page);
    await portal.announced("keyed-2 is saved");
    expect(await store().individualEnrollment("keyed-2")).toMatchObject({ attestation: { type: "symmetricKey" } });
  });

  it("custom allocation, with its webhook", async () => {
    await using portal = await both.open();
    const { page } = portal;
    await portal.go("/add/groups");
    await page.getByLabel("Symmetric key").check();
    await page.getByLabel("Group name").fill("hooked");
    await page.getByLabel("Custom (webhook)").check();
    await save(page);
    await expect.poll(() => faultOf(page, "Webhook URL")).toBe("The URL is missing.");
    await page.getByLabel("Webhook URL").fill("http://127.0.0.1:9/allocate");
    await save(page);
    await portal.announced("hooked is saved");
    expect((await store().enrollmentGroup("hooked"))?.source).toMatchObject({
      customAllocationDefinition: { webhookUrl: "http://127.0.0.1:9/allocate", apiVersion: "2021-10-01" },
    });
  });

  it("says where JSON is invalid, and saves nothing until it is corrected", async () => {
    await using portal = await both.open();
    const { page } = portal;
    await portal.go("/add/individual");
    await page.getByLabel("Symmetric key").check();
    await page.getByLabel("Registration ID").fill("twinned");
    const twin = page.getByLabel("Initial twin", { exact: true });
    await twin.fill('{\n  "tags": {},\n  "properties": { "desired": } }\n}');
    await page.getByText("Line 3, column 30: expected a value, but found }.").waitFor();
    await expect.poll(() => page.getByRole("button", { name: "Format" }).isDisabled()).toBe(true);
    await save(page);
    await expect.poll(() => page.evaluate("document.activeElement.getAttribute('aria-invalid')")).toBe("true");
    expect(await store().individualEnrollment("twinned")).toBeUndefined();
    await twin.fill('{"tags": {"a.b": 1}}');
    await save(page);
    // A rule of the hub, which the service checks: the fault is shown at the editor too.
    await expect.poll(() => faultOf(page, "Initial twin")).toContain("initialTwin.tags");
    await twin.fill('{"tags": {"ab": 1}}');
    await save(page);
    await portal.announced("twinned is saved");
  });

  it("does not replace an existing enrollment, even if its name differs in case", async () => {
    await using portal = await both.open();
    const { page } = portal;
    await portal.go("/add/groups");
    await page.getByLabel("Symmetric key").check();
    await page.getByLabel("Group name").fill("taken");
    await save(page);
    await portal.announced("taken is saved");
    const before = await store().enrollmentGroup("taken");
    await portal.go("/add/groups");
    await page.getByLabel("Symmetric key").check();
    await page.getByLabel("Group name").fill("TAKEN");
    await save(page);
    await expect.poll(() => faultOf(page, "Group name")).toContain("There is already an enrollment group TAKEN");
    expect(await store().enrollmentGroup("taken")).toEqual(before);
  });

  it("asks before it discards unsaved input", async () => {
    await using portal = await both.open();
    const { page } = portal;
    await portal.go("/add/groups");
    await page.getByLabel("Group name").fill("half");
    await page.getByRole("link", { name: "Overview" }).click();
    await page.getByRole("button", { name: "No", exact: true }).click();
    await expect.poll(() => page.getByLabel("Group name").inputValue()).toBe("half");
    expect(page.url()).toContain("#/add/groups");
    await page.getByRole("link", { name: "Overview" }).click();
    await page.getByRole("button", { name: "Yes", exact: true }).click();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
  });

  it("with the keyboard only", async () => {
    await using portal = await both.open();
    const { page } = portal;
    await portal.go("/enrollments/individual");
    await page.getByRole("link", { name: "Add individual enrollment" }).waitFor();
    await page.evaluate("document.activeElement.blur()");
    /** Presses Tab until the focused element has this name; fails when that never happens. */
    const tabTo = async (name: RegExp) => {
      for (let count = 0; count < 60; count += 1) {
        await page.keyboard.press("Tab");
        const focused = await page.evaluate<string>(
          "(() => { const e = document.activeElement; const l = e.labels?.[0]?.textContent ?? e.getAttribute('aria-label') ?? e.textContent; const s = getComputedStyle(e); return l + (s.outlineStyle === 'none' && !e.closest('.editor') ? ' (no outline)' : ''); })()",
        );
        expect(focused).not.toContain("(no outline)");
        if (name.test(focused)) return;
      }
      throw new Error(`the focus never came to ${name}`);
    };
    await tabTo(/^Add individual enrollment/);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Add individual enrollment" }).waitFor();
    await tabTo(/^X\.509/);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await tabTo(/^Registration ID/);
    await page.keyboard.type("by-keyboard");
    await tabTo(/^Enable this/);
    await page.keyboard.press("Space");
    await page.keyboard.press("Tab");
    await tabTo(/^Save/);
    await page.keyboard.press("Enter");
    await portal.announced("by-keyboard is saved");
    expect(await store().individualEnrollment("by-keyboard")).toMatchObject({
      provisioningStatus: "disabled",
      attestation: { type: "symmetricKey" },
    });
  });
});
