import { issueRoot } from "@rollcall/pki";
import { finding } from "@rollcall/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { certificateText } from "../integration/certificates.js";
import { putGroup, putIndividual, register } from "../integration/operating.js";
import { symmetricIndividual } from "../integration/symmetric.js";
import { type Both, file, openBoth, type Portal, picture, program } from "./browser.js";

const key = Buffer.alloc(32, 41).toString("base64");
const longId = `${"a-long-registration-id-".repeat(5)}0123456789`;

const looks = {
  wide: { width: 1280 },
  "wide-dark": { width: 1280, colorScheme: "dark" },
  phone: { width: 390, height: 844 },
  "phone-dark": { width: 390, height: 844, colorScheme: "dark" },
} as const;

/** Each page, and the text that must be visible before it is checked. */
const places: readonly (readonly [name: string, show: (portal: Portal) => Promise<void>])[] = [
  ["overview", ({ page }) => page.getByText("Last attempts").waitFor()],
  ["groups", (portal) => visit(portal, "/enrollments/groups", "line-7")],
  ["individuals", (portal) => visit(portal, "/enrollments/individual", "pump-0001")],
  ["add-individual", (portal) => visit(portal, "/add/individual", "Security mechanism")],
  ["settings", (portal) => visit(portal, "/enrollments/individual/pump-0001", "Summary")],
  ["long-id", (portal) => visit(portal, `/enrollments/individual/${longId}`, "Summary")],
  ["keys", showKeys],
  ["replace-key", replaceKey],
  ["certificate-group", (portal) => visit(portal, "/enrollments/groups/line-7/credentials", "SHA-256")],
  ["records", (portal) => visit(portal, "/enrollments/individual/pump-0001/registrations", "assigned")],
  ["delete", askToDelete],
  ["certificates", (portal) => visit(portal, "/certificates", "factory-root")],
  ["attempts", showAttempts],
  // Last, since leaving its unsaved input for another page would open a question.
  ["add-group", addGroup],
];

async function visit({ page, go }: Portal, place: string, text: string): Promise<void> {
  await go(place);
  await page.getByText(text).filter({ visible: true }).first().waitFor();
}

async function addGroup(portal: Portal): Promise<void> {
  const { page } = portal;
  await visit(portal, "/add/groups", "Security mechanism");
  const root = await issueRoot({ commonName: "Factory Root" });
  await page.getByLabel("Primary certificate").setInputFiles(file("root.pem", root.certificatePem));
  await page.getByText("CN=Factory Root", { exact: true }).first().waitFor();
  await page
    .getByLabel("Initial twin", { exact: true })
    .fill('{\n  "tags": { "site": "north" },\n  "properties": { "desired": } }\n}');
  await page.getByLabel("Custom (webhook)").check();
  await page.getByRole("button", { name: "Save" }).click();
}

async function showKeys(portal: Portal): Promise<void> {
  await visit(portal, "/enrollments/individual/pump-0001/credentials", "Get the keys");
  await portal.page.getByRole("button", { name: "Get the keys" }).click();
  await portal.page.getByRole("button", { name: "Show primary key" }).click();
}

async function replaceKey(portal: Portal): Promise<void> {
  await portal.page.getByRole("button", { name: "Replace primary key" }).click();
  await portal.page.getByRole("button", { name: "Generate new primary key" }).click();
}

async function askToDelete(portal: Portal): Promise<void> {
  await visit(portal, "/enrollments/individual/pump-0001", "Summary");
  await portal.page.getByRole("button", { name: "Delete", exact: true }).click();
}

async function showAttempts(portal: Portal): Promise<void> {
  await visit(portal, "/attempts", "pump-0004");
  await portal.page.getByRole("button", { name: "pump-0004" }).click();
  await portal.page.getByText("Remedy").first().waitFor();
}

/** Controls that a screen reader would announce without a name, and tables without headers. */
const nameless = `[...document.querySelectorAll("input, select, textarea, button, a, table")].filter((element) => {
  if (element.tagName === "TABLE") return !element.caption || element.querySelectorAll("thead th[scope=col]").length === 0;
  const label = element.labels?.[0]?.textContent || element.getAttribute("aria-label") || element.textContent;
  return !label?.trim();
}).map((element) => element.outerHTML.slice(0, 120))`;

/** Text whose contrast with its background is less than 4.5 (WCAG 2.2, 1.4.3); disabled controls are exempt. */
const faint = `(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (color) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data; return [r, g, b, a / 255]; };
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a)];
  const light = (c) => c.slice(0, 3).map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (element) => { const own = rgba(getComputedStyle(element).backgroundColor); if (own[3] === 1) return own; return over(own, element.parentElement ? ground(element.parentElement) : [255, 255, 255]); };
  return [...document.querySelectorAll("body *")].filter((element) => {
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim())) return false;
    if (!element.checkVisibility({ visibilityProperty: true }) || element.closest(":disabled, noscript, .off-screen, option")) return false;
    const back = ground(element);
    const [a, b] = [light(over(rgba(getComputedStyle(element).color), back)), light(back)].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05) < 4.5;
  }).map((element) => element.className + ": " + element.textContent.trim().slice(0, 60));
})()`;

describe.skipIf(!program)("how every page looks (needs chromium)", () => {
  let both: Both;
  beforeAll(async () => {
    both = await openBoth({ hubs: [{ host: "127.0.0.1" }, { host: "127.0.0.2" }] });
    const { service } = both;
    const { store, attempts } = service.rollcall;
    for (let index = 0; index < 60; index += 1) {
      const enrollment = symmetricIndividual(`pump-${String(index).padStart(4, "0")}`, key);
      await putIndividual(service, { ...enrollment, provisioningStatus: index % 9 === 4 ? "disabled" : "enabled" });
    }
    await putIndividual(service, symmetricIndividual(longId, key));
    const root = await issueRoot({ commonName: "Factory Root" });
    const der = certificateText(root);
    const signingCertificates = { primary: { certificate: der } };
    await putGroup(service, {
      enrollmentGroupId: "line-7",
      attestation: { type: "x509", x509: { signingCertificates } },
    });
    const ca = { der, thumbprint: root.certificate.sha256, etag: "e", createdAt: 0, updatedAt: 0 };
    await store.putCaCertificate({
      ...ca,
      name: "factory-root",
      isVerified: false,
      verificationCode: "0A1B".repeat(12),
    });
    for (const index of ["0001", "0004"]) await register(service, { registrationId: `pump-${index}`, key });
    const facts = { at: "service", transport: "http", remote: "127.0.0.1:1", acceptedAt: Date.now() } as const;
    const stranger = attempts.begin({ ...facts, registrationId: longId });
    stranger.add(finding("enrollment.notFound", { values: { id: "x".repeat(128), hint: "y".repeat(128), how: "" } }));
    stranger.outcome = "refused";
  });
  afterAll(() => both.close());

  it.each(Object.entries(looks))(
    "%s: nothing overflows, lacks a name, or is too faint to read",
    async (name, look) => {
      await using portal = await both.open(look);
      const { page } = portal;
      for (const [place, show] of places) {
        await show(portal);
        await picture(page, `${place}-${name}`);
        expect([place, await page.evaluate("document.documentElement.scrollWidth")]).toEqual([place, look.width]);
        expect([place, await page.evaluate(nameless)]).toEqual([place, []]);
        expect([place, await page.evaluate(faint)]).toEqual([place, []]);
        const dialog = page.locator("dialog");
        if (await dialog.count()) await page.keyboard.press("Escape");
      }
    },
    120_000,
  );

  it("follows the system's dark mode", async () => {
    const grounds: unknown[] = [];
    for (const colorScheme of ["light", "dark"] as const) {
      await using portal = await both.open({ colorScheme });
      await portal.page.getByText("Last attempts").waitFor();
      grounds.push(await portal.page.evaluate("getComputedStyle(document.body).backgroundColor"));
    }
    expect(grounds).toEqual(["rgb(245, 246, 248)", "rgb(16, 19, 24)"]);
  });
});
