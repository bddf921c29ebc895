import { accessSync, constants, mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { expect } from "vitest";
import { startService, type TestService } from "../integration/service.js";

/** Path of Debian's Chromium; undefined when it is not installed. */
export const program: string | undefined = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/bin"]
  .map((folder) => join(folder, "chromium"))
  .find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

/** Flags that stop the browser's own network traffic. */
const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: program ?? "chromium", headless: true, args: flags });
}

/** A window on the portal of a service, and a record of everything that must not happen in it. */
export interface Portal extends AsyncDisposable {
  readonly page: Page;
  readonly base: string;
  /** Requests to other hosts, violations of the content security policy, uncaught errors. */
  readonly complaints: readonly string[];
  /** Goes to a place of the page: the part of the address after `#`. */
  go(place: string): Promise<void>;
  /** Waits for this notice at the foot of the page. */
  announced(text: string | RegExp): Promise<void>;
}

export interface Look {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: "light" | "dark";
  /** If false, the page has to ask for the token. */
  readonly withToken?: boolean;
}

/**
 * Opens a window of its own, with the address that `rollcall start` prints. When it is disposed, it checks that there
 * are no complaints.
 */
async function openPortal(browser: Browser, { rollcall }: TestService, look: Look = {}): Promise<Portal> {
  const { width = 1280, height = 900, colorScheme = "light", withToken = true } = look;
  const base = `http://127.0.0.1:${rollcall.info.ports.dashboard}`;
  const options: BrowserContextOptions = { viewport: { width, height }, colorScheme, acceptDownloads: true };
  const context = await browser.newContext(options);
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: base });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${base}/`) && !url.startsWith(`blob:${base}/`)) complaints.push(`asked ${url}`);
  });
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (/Content.Security.Policy|Refused to/i.test(message.text())) complaints.push(message.text());
  });
  await context.exposeFunction("complain", (text: string) => complaints.push(text));
  await context.addInitScript(
    "addEventListener('securitypolicyviolation', (event) => complain('policy: ' + event.violatedDirective + ' ' + event.blockedURI))",
  );
  await page.goto(withToken ? `${base}/#token=${rollcall.managementToken}` : `${base}/`);
  return {
    page,
    base,
    complaints,
    go: async (place) => {
      await page.goto(`${base}/#${place}`);
    },
    announced: (text) => page.locator(".notice", { hasText: text }).waitFor(),
    async [Symbol.asyncDispose]() {
      await context.close();
      expect(complaints).toEqual([]);
    },
  };
}

const screenshots = fileURLToPath(new URL("./screenshots/", import.meta.url));

/** Keeps a picture of the whole page, for people to look at. */
export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(screenshots, { recursive: true });
  await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true, animations: "disabled" });
}

/** A service and a browser for a file of tests. */
export async function openBoth(options?: Parameters<typeof startService>[0]) {
  const [service, browser] = await Promise.all([startService(options), launch()]);
  return {
    service,
    browser,
    open: (look?: Look) => openPortal(browser, service, look),
    close: async () => {
      await browser.close();
      await service.rollcall.stop();
    },
  };
}
export type Both = Awaited<ReturnType<typeof openBoth>>;

/** A file for a file field. */
export function file(name: string, content: string | Uint8Array) {
  return { name, mimeType: "application/octet-stream", buffer: Buffer.from(content) };
}
