import { issueRoot } from "@rollcall/pki";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { tpmVectors } from "../fixtures/tpm-vectors.js";
import { x509Group } from "../integration/certificates.js";
import { groupDeviceKey } from "../integration/device-tokens.js";
import { putGroup, putIndividual, register } from "../integration/operating.js";
import { symmetricIndividual } from "../integration/symmetric.js";
import { type Both, file, openBoth, type Portal, program } from "./browser.js";

const key = Buffer.alloc(32, 41).toString("base64");
const attestation = { type: "symmetricKey" as const, symmetricKey: { primaryKey: key, secondaryKey: key } };

describe.skipIf(!program)("managing enrollments (needs chromium)", () => {
  let both: Both;
  beforeAll(async () => {
    both = await openBoth();
  });
  afterAll(() => both.close());
  beforeEach(async () => {
    for (const id of ["pump-1", "pump-2", "pump-3"]) await putIndividual(both.service, symmetricIndividual(id, key));
    await putGroup(both.service, { enrollmentGroupId: "line-7", attestation });
  });

  const store = () => both.service.rollcall.store;
  const yes = ({ page }: Portal) => page.getByRole("button", { name: "Yes", exact: true }).click();
  const no = ({ page }: Portal) => page.getByRole("button", { name: "No", exact: true }).click();

  describe("deleting", () => {
    it("asks, and keeps the enrollment on No and on Esc, with the focus back where it was", async () => {
      await using portal = await both.open();
      const { page } = portal;
      await portal.go("/enrollments/individual/pump-1");
      const button = page.getByRole("button", { name: "Delete", exact: true });
      await button.click();
      await page.getByRole("alertdialog", { name: "Delete the individual enrollment pump-1?" }).waitFor();
      // The safe answer has the focus, and the focus stays in the dialog.
      await expect.poll(() => page.evaluate("document.activeElement.textContent")).toBe("No");
      for (let count = 0; count < 5; count += 1) {
        await page.keyboard.press("Tab");
        expect(
          await page.evaluate("document.activeElement === document.body || !!document.activeElement.closest('dialog')"),
        ).toBe(true);
      }
      await no(portal);
      await expect.poll(() => page.evaluate("document.activeElement.textContent")).toBe("Delete");
      await button.click();
      await page.getByRole("alertdialog").waitFor();
      await page.keyboard.press("Escape");
      await expect.poll(() => page.getByRole("alertdialog").count()).toBe(0);
      expect(await store().individualEnrollment("pump-1")).toBeDefined();
    });

    it("deletes on Yes", async () => {
      await using portal = await both.open();
      await portal.go("/enrollments/groups/line-7");
      await portal.page.getByRole("button", { name: "Delete", exact: true }).click();
      await yes(portal);
      await portal.announced("line-7 is deleted");
      expect(await store().enrollmentGroup("line-7")).toBeUndefined();
      await portal.page.getByText("There is no enrollment group yet.").waitFor();
    });

    it("does not delete an enrollment that another user changed meanwhile", async () => {
      await using portal = await both.open();
      await portal.go("/enrollments/individual/pump-1");
      await portal.page.getByText("Summary").waitFor();
      const record = await store().individualEnrollment("pump-1");
      await store().putIndividual({ ...record!, etag: "another", provisioningStatus: "disabled" });
      await portal.page.getByRole("button", { name: "Delete", exact: true }).click();
      await yes(portal);
      await portal.announced("changed meanwhile and was not deleted");
      expect(await store().individualEnrollment("pump-1")).toBeDefined();
      await portal.page.getByRole("heading", { name: "pump-1 disabled" }).waitFor();
    });

    it("several at once: the marked ones, and on Yes only", async () => {
      await using portal = await both.open();
      const { page } = portal;
      await portal.go("/enrollments/individual");
      const button = page.getByRole("button", { name: /^Delete/ });
      await page.getByLabel("Mark pump-1", { exact: true }).check();
      await page.getByLabel("Mark pump-3", { exact: true }).check();
      await expect.poll(() => button.textContent()).toBe("Delete 2 marked");
      await button.click();
      await expect
        .poll(() => page.getByRole("alertdialog").getByRole("listitem").allTextContents())
        .toEqual(["pump-1", "pump-3"]);
      await no(portal);
      expect(await store().counts()).toMatchObject({ individualEnrollments: 3 });
      await button.click();
      await yes(portal);
      await portal.announced("2 individual enrollments deleted.");
      await expect.poll(() => page.getByRole("row").count()).toBe(2);
      expect((await store().individuals({ limit: 9 })).map(({ registrationId }) => registrationId)).toEqual(["pump-2"]);
    });
  });

  describe("editing", () => {
    it("changes everything but the security type, and keeps members that the page does not know", async () => {
      await putIndividual(both.service, {
        ...symmetricIndividual("pump-1", key),
        optionalDeviceInformation: { note: "in the cellar" },
      });
      await using portal = await both.open();
      const { page } = portal;
      await portal.go("/enrollments/individual/pump-1");
      await page.getByText("Symmetric key", { exact: true }).waitFor();
      await expect.poll(() => page.getByRole("button", { name: "Save" }).isDisabled()).toBe(true);
      await page.getByLabel("Device ID").fill("Pump_1");
      await page.getByLabel("Lowest latency (geoLatency)").check();
      await page.getByLabel("Never re-provision").check();
      await page.getByLabel("Initial twin", { exact: true }).fill('{"tags":{"x":1}}');
      await page.getByLabel("Enable this enrollment").uncheck();
      await page.getByLabel("The device is an IoT Edge device").check();
      await page.getByRole("button", { name: "Save" }).click();
      await portal.announced("pump-1 is saved");
      await page.getByRole("heading", { name: "pump-1 disabled" }).waitFor();
      const record = await store().individualEnrollment("pump-1");
      expect(record).toMatchObject({
        deviceId: "Pump_1",
        allocationPolicy: "geoLatency",
        provisioningStatus: "disabled",
        iotEdge: true,
        initialTwin: { tags: { x: 1 } },
        reprovisionPolicy: { updateHubAssignment: false },
        // Reading an enrollment shows no keys, and saving it back keeps them.
        attestation: { type: "symmetricKey", primaryKey: key, secondaryKey: key },
      });
      expect(record?.source).toMatchObject({ optionalDeviceInformation: { note: "in the cellar" } });
    });

    it("in two windows: the second gets a warning, keeps its input, and may load or overwrite", async () => {
      await using mine = await both.open();
      await using theirs = await both.open();
      for (const portal of [mine, theirs]) {
        await portal.go("/enrollments/individual/pump-2");
        await portal.page.getByLabel("Device ID").waitFor();
      }
      const save = ({ page }: Portal) => page.getByRole("button", { name: "Save", exact: true }).click();
      await theirs.page.getByLabel("Device ID").fill("theirs");
      await theirs.page.getByLabel("The device is an IoT Edge device").check();
      await save(theirs);
      await theirs.announced("pump-2 is saved");
      await mine.page.getByLabel("Device ID").fill("mine");
      await save(mine);
      const alert = mine.page.getByRole("alert");
      await alert.getByText("Another user changed this enrollment").waitFor();
      await expect.poll(() => mine.page.getByLabel("Device ID").inputValue()).toBe("mine");
      expect(await store().individualEnrollment("pump-2")).toMatchObject({ deviceId: "theirs" });
      await alert.getByRole("button", { name: "Load theirs" }).click();
      await expect.poll(() => mine.page.getByLabel("Device ID").inputValue()).toBe("theirs");
      await expect.poll(() => mine.page.getByLabel("The device is an IoT Edge device").isChecked()).toBe(true);
      // Once more; this time my version shall stay.
      await theirs.page.getByLabel("Device ID").fill("theirs-again");
      await save(theirs);
      await expect.poll(async () => (await store().individualEnrollment("pump-2"))?.deviceId).toBe("theirs-again");
      await mine.page.getByLabel("Device ID").fill("mine-at-last");
      await save(mine);
      await alert.getByRole("button", { name: "Overwrite with mine" }).click();
      await mine.announced("pump-2 is saved");
      expect(await store().individualEnrollment("pump-2")).toMatchObject({ deviceId: "mine-at-last" });
    });

    it("keeps the input when the service does not answer, and when it needs a new token", async () => {
      await using portal = await both.open();
      const { page } = portal;
      await portal.go("/enrollments/individual/pump-1");
      await page.getByLabel("Device ID").fill("typed");
      const save = () => page.getByRole("button", { name: "Save", exact: true }).click();
      await page.route("**/enrollments/pump-1?*", (route) => route.abort(), { times: 1 });
      await save();
      await page.getByText("The service does not answer.").waitFor();
      await page.route("**/enrollments/pump-1?*", (route) => route.fulfill({ status: 401, body: "{}" }), { times: 1 });
      await save();
      const dialog = page.getByRole("dialog", { name: "Unlock the portal again" });
      await dialog.getByLabel("Management token").fill(both.service.rollcall.managementToken);
      await dialog.getByRole("button", { name: "Unlock" }).click();
      await dialog.waitFor({ state: "detached" });
      await expect.poll(() => page.getByLabel("Device ID").inputValue()).toBe("typed");
      await save();
      await portal.announced("pump-1 is saved");
      expect(await store().individualEnrollment("pump-1")).toMatchObject({ deviceId: "typed" });
    });

    it("an enrollment that another user deleted meanwhile: it says so and does not create it again", async () => {
      await using portal = await both.open();
      const { page } = portal;
      await portal.go("/enrollments/individual/pump-3");
      await page.getByLabel("Device ID").fill("late");
      await store().removeIndividual("pump-3");
      await page.getByRole("button", { name: "Save", exact: true }).click();
      await page.getByRole("alert").getByText("Another user deleted this enrollment").waitFor();
      await expect.poll(() => page.getByLabel("Device ID").inputValue()).toBe("late");
      expect(await store().individualEnrollment("pump-3")).toBeUndefined();
    });
  });

  describe("credentials", () => {
    it("shows keys on demand, and rolls one key in a separate step", async () => {
      await using portal = await both.open();
      const { page } = portal;
      await portal.go("/enrollments/individual/pump-1/credentials");
      await page.getByRole("button", { name: "Get the keys" }).click();
      await page.getByRole("button", { name: "Show primary key" }).click();
      await page.getByText(key, { exact: true }).waitFor();
      await page.getByRole("button", { name: "Copy secondary key" }).click();
      await portal.announced("secondary key copied");
      await expect.poll(() => page.evaluate("navigator.clipboard.readText()")).toBe(key);
      await page.getByRole("button", { name: "Replace secondary key" }).click();
      await page.getByRole("dialog").waitFor();
      await page.keyboard.press("Escape");
      await expect.poll(() => page.getByRole("dialog").count()).toBe(0);
      await page.getByRole("button", { name: "Replace secondary key" }).click();
      const dialog = page.getByRole("dialog", { name: "Replace the secondary key" });
      await dialog.getByRole("button", { name: "Generate new secondary key" }).click();
      const fresh = await dialog.getByLabel("New secondary key", { exact: true }).inputValue();
      await dialog.getByRole("button", { name: "Replace" }).click();
      await portal.announced("The secondary key of pump-1 is replaced.");
      expect(await store().individualEnrollment("pump-1")).toMatchObject({
        attestation: { primaryKey: key, secondaryKey: fresh },
      });
    });

    it("replaces one certificate of a group and keeps the other, refuses a leaf, and removes the secondary", async () => {
      const [one, two, three] = await Promise.all(
        ["One", "Two", "Three"].map((commonName) => issueRoot({ commonName })),
      );
      await putGroup(both.service, x509Group("ca-group", one!));
      await using portal = await both.open();
      const { page } = portal;
      await portal.go("/enrollments/groups/ca-group/credentials");
      await page.getByText("CN=One", { exact: true }).first().waitFor();
      const put = async (verb: "Add" | "Replace", slot: string, pem: string) => {
        await page.getByRole("button", { name: `${verb} ${slot} certificate` }).click();
        const dialog = page.getByRole("dialog");
        await dialog.getByLabel(`New ${slot} certificate`).setInputFiles(file("ca.pem", pem));
        await dialog.locator(".reading").waitFor();
        await dialog.getByRole("button", { name: verb }).click();
        await portal.announced(`The ${slot} certificate of ca-group is ${verb === "Add" ? "added" : "replaced"}.`);
      };
      const held = async () => (await store().enrollmentGroup("ca-group"))?.attestation;
      await put("Add", "secondary", two!.certificatePem);
      expect(await held()).toMatchObject({
        primary: { thumbprint: one!.certificate.sha256 },
        secondary: { thumbprint: two!.certificate.sha256 },
      });
      await put("Replace", "primary", three!.certificatePem);
      expect(await held()).toMatchObject({
        primary: { thumbprint: three!.certificate.sha256 },
        secondary: { thumbprint: two!.certificate.sha256 },
      });
      await page.getByRole("button", { name: "Remove secondary certificate" }).click();
      await yes(portal);
      await portal.announced("The secondary certificate is removed.");
      expect(await held()).not.toHaveProperty("secondary");
    });

    it("replaces an endorsement key", async () => {
      const { rsa, eccExtension: ecc } = tpmVectors;
      await putIndividual(both.service, {
        registrationId: "tpm-1",
        attestation: { type: "tpm", tpm: { endorsementKey: rsa.ek.tpm2bPublicBase64 } },
      });
      await using portal = await both.open();
      const { page } = portal;
      await portal.go("/enrollments/individual/tpm-1/credentials");
      await page.getByText(rsa.ek.tpm2bPublicBase64).waitFor();
      await page.getByRole("button", { name: "Replace endorsement key" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("Endorsement key").fill(ecc.ek.tpm2bPublicBase64);
      await dialog.getByText("EC P-256").waitFor();
      await dialog.getByRole("button", { name: "Replace" }).click();
      await portal.announced("The endorsement key of tpm-1 is replaced.");
      expect(await store().individualEnrollment("tpm-1")).toMatchObject({
        attestation: { endorsementKey: ecc.ek.tpm2bPublicBase64 },
      });
    });
  });

  describe("registration records", () => {
    it("of a group: hub, device, state and times; deleted on Yes only", async () => {
      const registrationId = "of-the-line";
      await register(both.service, { registrationId, key: groupDeviceKey(key, registrationId) });
      await using portal = await both.open();
      const { page } = portal;
      await portal.go("/enrollments/groups/line-7/registrations");
      await page.getByRole("row", { name: /of-the-line .*127\.0\.0\.1 assigned initialAssignment/ }).waitFor();
      await page.getByRole("button", { name: "Delete the record of of-the-line" }).click();
      await no(portal);
      expect(await store().registration(registrationId)).toBeDefined();
      await page.getByRole("button", { name: "Delete the record of of-the-line" }).click();
      await yes(portal);
      await portal.announced("The registration record of of-the-line is deleted.");
      expect(await store().registration(registrationId)).toBeUndefined();
      await page.getByText("No device has registered with this enrollment.").waitFor();
    });

    it("of an individual enrollment", async () => {
      await register(both.service, { registrationId: "pump-1", key });
      await using portal = await both.open();
      const { page } = portal;
      await portal.go("/enrollments/individual/pump-1/registrations");
      await page.getByRole("row", { name: /pump-1 .*assigned/ }).waitFor();
      await page.getByRole("button", { name: "Delete the record of pump-1" }).click();
      await yes(portal);
      await portal.announced("is deleted");
      expect(await store().registration("pump-1")).toBeUndefined();
    });
  });
});
