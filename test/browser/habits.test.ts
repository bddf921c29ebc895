import { issueLeaf, issueRoot } from "@rollcall/pki";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tpmVectors } from "../fixtures/tpm-vectors.js";
import { putIndividual } from "../integration/operating.js";
import { symmetricIndividual } from "../integration/symmetric.js";
import { type Both, file, openBoth, type Portal, program } from "./browser.js";

const key = Buffer.alloc(32, 43).toString("base64");

/** Habits of users on every page: links, Back, a second tab, a wrong file. */
describe.skipIf(!program)("habits (needs chromium)", () => {
  let both: Both;
  beforeAll(async () => {
    both = await openBoth();
    for (let index = 0; index < 52; index += 1) {
      await putIndividual(both.service, symmetricIndividual(`pump-${String(index).padStart(2, "0")}`, key));
    }
  });
  afterAll(() => both.close());

  const store = () => both.service.rollcall.store;
  const back = ({ page }: Portal) => page.evaluate("history.back()");
  const button = ({ page }: Portal, name: string) => page.getByRole("button", { name, exact: true });
  const focused = ({ page }: Portal) =>
    expect.poll(() =>
      page.evaluate("document.activeElement.labels?.[0]?.textContent ?? document.activeElement.textContent"),
    );

  it("an unknown address says so, in the title of the window too", async () => {
    await using portal = await both.open();
    await portal.go("/attempts");
    await portal.page.getByRole("heading", { name: "Attempts" }).waitFor();
    await portal.go("/nowhere");
    await portal.page.getByRole("heading", { name: "Page not found" }).waitFor();
    await expect.poll(() => portal.page.title()).toBe("Page not found · Rollcall");
  });

  it("the link of a restarted service, pasted over a page with typed text: the text stays, and is saved", async () => {
    await using portal = await both.open();
    const { page } = portal;
    await portal.go("/add/individual");
    await page.getByLabel("Symmetric key").check();
    await page.getByLabel("Registration ID").fill("survivor");
    await page.route("**/enrollments/survivor*", (route) => route.fulfill({ status: 401, body: "{}" }), { times: 1 });
    await button(portal, "Save").click();
    const dialog = page.getByRole("dialog", { name: "Unlock the portal again" });
    await dialog.waitFor();
    // The second Esc closes any dialog in Chromium; this dialog opens again.
    for (let count = 0; count < 3; count += 1) await page.keyboard.press("Escape");
    await page.getByLabel("Management token").fill("wrong");
    await page.keyboard.press("Enter");
    await page.getByText("The service did not accept this token").waitFor();
    await page.goto(`${portal.base}/#token=${both.service.rollcall.managementToken}`);
    await expect.poll(() => dialog.count()).toBe(0);
    expect(page.url()).toBe(`${portal.base}/#/add/individual`);
    await button(portal, "Save").click();
    await portal.announced("survivor is saved");
    expect(await store().individualEnrollment("survivor")).toBeDefined();
  });

  it("a second tab is unlocked at once; locking a tab locks both, unlocking a tab unlocks both", async () => {
    await using portal = await both.open();
    const { page } = portal;
    await page.getByText("Last attempts").waitFor();
    const second = await page.context().newPage();
    await second.goto(`${portal.base}/#/enrollments/individual/pump-01`);
    await second.getByText("Summary").waitFor();
    await button(portal, "Lock").click();
    await second.getByRole("heading", { name: "Unlock the portal" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "Unlock the portal" }).waitFor();
    // The link that unlocks a tab unlocks both.
    await page.goto(`${portal.base}/#token=${both.service.rollcall.managementToken}`);
    await second.getByText("Summary").waitFor();
  });

  it("Back from an enrollment to the same page of the same search, also after reloading", async () => {
    await using portal = await both.open();
    const { page } = portal;
    await portal.go("/enrollments/individual");
    const total = page.getByText(/^\d+ individual enrollments$/);
    await total.waitFor();
    await page.getByLabel("Search by registration id").fill("PUMP");
    await total.waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Next" }).click();
    await page.getByRole("link", { name: "pump-51" }).click();
    await page.getByText("Summary").waitFor();
    await back(portal);
    await page.getByRole("link", { name: "pump-51" }).waitFor();
    await page.reload();
    await page.getByRole("link", { name: "pump-51" }).waitFor();
    await expect.poll(() => page.getByLabel("Search by registration id").inputValue()).toBe("PUMP");
    // When a page's entries are deleted, the previous page is shown.
    await page.getByLabel("Mark all on this page").check();
    await page.getByRole("button", { name: "Delete 2 marked" }).click();
    await button(portal, "Yes").click();
    await page.getByRole("link", { name: "pump-49" }).waitFor();
    await expect.poll(() => page.getByText("Page 2").count()).toBe(0);
  });

  it("Back with unsaved input: it asks, and Back and Forward still lead to the same pages", async () => {
    await using portal = await both.open();
    const { page } = portal;
    await portal.go("/certificates");
    await portal.go("/add/individual");
    await page.getByLabel("Registration ID").fill("x");
    await back(portal);
    await button(portal, "No").click();
    await expect.poll(() => page.getByLabel("Registration ID").inputValue()).toBe("x");
    await back(portal);
    await button(portal, "Yes").click();
    await page.getByRole("heading", { name: "Certificates" }).waitFor();
    await back(portal);
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await page.goForward();
    await page.getByRole("heading", { name: "Certificates" }).waitFor();
  });

  it("typing while it is saved: no input is lost, and it is sent once", async () => {
    await using portal = await both.open();
    const { page } = portal;
    await portal.go("/enrollments/individual/pump-02");
    let puts = 0;
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    await page.route("**/enrollments/pump-02*", async (route) => {
      if (route.request().method() === "PUT") {
        puts += 1;
        await held;
      }
      await route.continue();
    });
    const field = page.getByLabel("Device ID");
    await field.fill("first");
    await button(portal, "Save").dblclick();
    await field.fill("second");
    release();
    await portal.announced("pump-02 is saved");
    expect([puts, await field.inputValue()]).toEqual([1, "second"]);
    expect(await store().individualEnrollment("pump-02")).toMatchObject({ deviceId: "first" });
    await page.getByText("Not saved yet").waitFor();
  });

  it("a wrong file: the page says what the file contains, and does not silently leave it out", async () => {
    await using portal = await both.open();
    const { page } = portal;
    const root = await issueRoot({ commonName: "Root" });
    await portal.go("/add/groups");
    await page.getByLabel("Group name").fill("line-1");
    await page.getByLabel("Primary certificate").setInputFiles(file("root.pem", root.certificatePem));
    await page.getByText("CN=Root", { exact: true }).waitFor();
    await page.getByLabel("Secondary certificate").setInputFiles(file("chain.pem", root.certificatePem.repeat(2)));
    await page.getByText("2 certificates; exactly one is allowed").waitFor();
    await button(portal, "Save").click();
    await focused(portal).toBe("Secondary certificate (optional)");
    expect(await store().enrollmentGroup("line-1")).toBeUndefined();
    await page.getByLabel("Secondary certificate").setInputFiles([]);
    await page.getByLabel("Static", { exact: true }).check();
    await button(portal, "Save").click();
    // The group of hubs shows the fault, and its first check box has the focus.
    await page.getByText("Static allocation needs exactly one hub").waitFor();
    await focused(portal).toBe(both.service.hub);
  });

  it("a certificate whose name differs from the registration id: it says that the device will be refused", async () => {
    await using portal = await both.open();
    const { page } = portal;
    const root = await issueRoot({ commonName: "Root" });
    const leaf = await issueLeaf({ commonName: "Pump-7", parent: root });
    await portal.go("/add/individual");
    await page.getByLabel("Primary certificate").setInputFiles(file("leaf.pem", leaf.certificatePem));
    const id = page.getByLabel("Registration ID");
    await expect.poll(() => id.inputValue()).toBe("Pump-7");
    await id.fill("pump-8");
    const warning = page.getByText("The common name (CN) of the certificate is Pump-7.");
    await warning.waitFor();
    await id.fill("pump-7");
    await warning.waitFor({ state: "detached" });
    await page.getByLabel("Primary certificate").setInputFiles(file("root.pem", root.certificatePem));
    await page.getByText("This is a CA certificate, but").waitFor();
  });

  it("a file dialog that is cancelled leaves the page's own dialog open", async () => {
    await using portal = await both.open();
    const { page } = portal;
    await portal.go("/certificates");
    await button(portal, "Upload certificate").click();
    await page.getByLabel("Name").fill("plant");
    await page.locator("input[type=file]").dispatchEvent("cancel", { bubbles: true });
    await button(portal, "Upload").click();
    await page.getByText("The certificate is missing.").waitFor();
    await expect.poll(() => page.getByLabel("Name").inputValue()).toBe("plant");
  });

  it("an endorsement key in lines, as tools print it; invalid ids", async () => {
    const { ek, srk, registrationId } = tpmVectors.rsa;
    await using portal = await both.open();
    const { page } = portal;
    await portal.go("/add/individual");
    await page.getByLabel("TPM").check();
    await page.getByLabel("Endorsement key").fill(srk.tpm2bPublicBase64);
    await page.getByText("This looks like a storage root key").waitFor();
    await page.getByLabel("Endorsement key").fill(ek.tpm2bPublicBase64.replaceAll(/.{64}/g, "$&\r\n"));
    const id = page.getByLabel("Registration ID");
    await expect.poll(() => id.inputValue()).toBe(registrationId);
    for (const [text, fault] of [
      ["..", "The last character must be a letter"],
      ["a/b", 'Character 2 ("/") is not allowed.'],
    ] as const) {
      await id.fill(text);
      await button(portal, "Save").click();
      await page.getByText(fault).waitFor();
      await focused(portal).toBe("Registration ID");
    }
    await id.fill(registrationId);
    await button(portal, "Save").click();
    await portal.announced(`${registrationId} is saved`);
    expect(await store().individualEnrollment(registrationId)).toMatchObject({
      attestation: { endorsementKey: ek.tpm2bPublicBase64 },
    });
  });
});
