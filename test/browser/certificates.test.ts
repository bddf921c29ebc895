import { issueLeaf, issueRoot } from "@rollcall/pki";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Both, file, openBoth, program } from "./browser.js";

describe.skipIf(!program)("CA certificates (needs chromium)", () => {
  let both: Both;
  beforeAll(async () => {
    both = await openBoth();
  });
  afterAll(() => both.close());

  const stored = (name: string) => both.service.rollcall.store.caCertificate(name);

  it("are uploaded, verified with a code, used by a group, and deleted when no group uses them", async () => {
    const root = await issueRoot({ commonName: "Factory Root" });
    const foreign = await issueRoot({ commonName: "Foreign Root" });
    await using portal = await both.open();
    const { page } = portal;
    await page.getByRole("link", { name: "Certificates", exact: true }).click();
    await page.getByRole("button", { name: "Upload certificate" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Upload" }).click();
    await dialog.getByText("The name is missing.").waitFor();
    await dialog.getByLabel("Name").fill("bad name");
    await dialog.getByLabel("Certificate", { exact: true }).setInputFiles(file("root.pem", root.certificatePem));
    await dialog.getByText("CN=Factory Root", { exact: true }).waitFor();
    await dialog.getByRole("button", { name: "Upload" }).click();
    await dialog.locator(".fault", { hasText: "is not a certificate name" }).waitFor();
    await dialog.getByLabel("Name").fill("factory");
    await dialog.getByRole("button", { name: "Upload" }).click();
    await portal.announced("The certificate factory is uploaded.");
    expect(await stored("factory")).toMatchObject({ isVerified: false, thumbprint: root.certificate.sha256 });

    const card = page.getByRole("region", { name: "factory" });
    await card.getByText("unverified").waitFor();
    await card.getByRole("button", { name: "Generate verification code" }).click();
    await card.getByText("To prove that you have the key").waitFor();
    const commonName = (await stored("factory"))?.verificationCode ?? "";
    await card.getByText(commonName, { exact: true }).waitFor();
    await card.getByRole("button", { name: "Verify", exact: true }).click();
    const verify = page.getByRole("dialog", { name: "Verify factory" });
    const wrong = await issueLeaf({ commonName, parent: foreign });
    await verify.getByLabel("Verification certificate").setInputFiles(file("wrong.pem", wrong.certificatePem));
    await verify.locator(".reading").waitFor();
    await verify.getByRole("button", { name: "Verify" }).click();
    await verify.locator(".fault").waitFor();
    expect(await stored("factory")).toMatchObject({ isVerified: false });
    const proof = await issueLeaf({ commonName, parent: root });
    await verify.getByLabel("Verification certificate").setInputFiles(file("proof.pem", proof.certificatePem));
    await verify.getByText("CN=Factory Root", { exact: true }).waitFor();
    await verify.getByRole("button", { name: "Verify" }).click();
    await portal.announced("The certificate factory is verified.");
    expect(await stored("factory")).toMatchObject({ isVerified: true });

    await portal.go("/add/groups");
    await page.getByLabel("CA certificate of this service").check();
    await page.getByLabel("Group name").fill("by-reference");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Choose a CA certificate.").waitFor();
    await page.getByLabel("Primary CA certificate").selectOption("factory");
    await page.getByRole("button", { name: "Save" }).click();
    await portal.announced("by-reference is saved");
    expect((await both.service.rollcall.store.enrollmentGroup("by-reference"))?.attestation).toMatchObject({
      holds: "caReferences",
      primaryName: "factory",
    });

    await portal.go("/certificates");
    const remove = async (answer: "Yes" | "No") => {
      await page.getByRole("button", { name: "Delete factory" }).click();
      await page.getByRole("button", { name: answer, exact: true }).click();
    };
    await remove("Yes");
    await portal.announced("is in use");
    expect(await stored("factory")).toBeDefined();
    await both.service.rollcall.store.removeGroup("by-reference");
    await remove("No");
    expect(await stored("factory")).toBeDefined();
    await remove("Yes");
    await portal.announced("The certificate factory is deleted.");
    expect(await stored("factory")).toBeUndefined();
  });

  it("are verified on upload if the user says so; a leaf is refused", async () => {
    const root = await issueRoot({ commonName: "Trusted Root" });
    const leaf = await issueLeaf({ commonName: "leaf", parent: root });
    await using portal = await both.open();
    const { page } = portal;
    await portal.go("/certificates");
    await page.getByRole("button", { name: "Upload certificate" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name").fill("trusted");
    await dialog.getByLabel("Certificate", { exact: true }).setInputFiles(file("leaf.pem", leaf.certificatePem));
    await dialog.locator(".fault", { hasText: "This is a leaf certificate" }).waitFor();
    await dialog.getByLabel("Certificate", { exact: true }).setInputFiles(file("root.pem", root.certificatePem));
    await dialog.getByText("CA certificate", { exact: true }).waitFor();
    await dialog.getByLabel("Set certificate status to verified on upload").check();
    await dialog.getByRole("button", { name: "Upload" }).click();
    await portal.announced("trusted is uploaded");
    expect(await stored("trusted")).toMatchObject({ isVerified: true });
  });
});
