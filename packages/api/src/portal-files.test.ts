import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FastifyInstance, fastify } from "fastify";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { addPortalFiles } from "./portal-files.js";

let folder: string;
let app: FastifyInstance;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rollcall-page-"));
  app = fastify();
});

afterEach(async () => {
  await app.close();
  rmSync(folder, { recursive: true, force: true });
});

const ask = (url: string, headers = {}) => app.inject({ method: "GET", url, headers });

describe("a built page", () => {
  beforeEach(() => {
    mkdirSync(join(folder, "page/assets"), { recursive: true });
    writeFileSync(join(folder, "page/index.html"), "<!doctype html>page");
    writeFileSync(join(folder, "page/assets/index-AbC1.js"), "run()");
    writeFileSync(join(folder, "page/.hidden"), "hidden");
    writeFileSync(join(folder, "secret"), "secret");
    addPortalFiles(app, join(folder, "page"));
  });

  it("is never cached by the browser, and may load only from this listener", async () => {
    const answer = await ask("/");
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    });
    expect(String(answer.headers["content-security-policy"]).split("; ")).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self'",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ]);
  });

  it("has other files that are cached for ever, since their names change with their content", async () => {
    const answer = await ask("/assets/index-AbC1.js");
    expect(answer.body).toBe("run()");
    expect(answer.headers).toMatchObject({
      "content-type": "application/javascript; charset=utf-8",
      "cache-control": "public, max-age=31536000, immutable",
    });
    const again = await ask("/assets/index-AbC1.js", { "if-none-match": answer.headers.etag });
    expect(again.statusCode).toBe(304);
  });

  it.each([
    "/../secret",
    "/assets/../../secret",
    "/assets/%2e%2e/%2e%2e/secret",
    "/assets/..%2f..%2fsecret",
    "/.hidden",
    "/assets/",
    "/assets/other.js",
  ])("has nothing at %s", async (url) => {
    const answer = await ask(url);
    expect(answer.statusCode).toBe(404);
    expect(answer.body).not.toMatch(/^(secret|hidden)$/);
  });
});

it("says so when the page is not built", async () => {
  addPortalFiles(app, join(folder, "absent"));
  const answer = await ask("/");
  expect(answer.statusCode).toBe(503);
  expect(answer.headers["content-type"]).toBe("text/html; charset=utf-8");
  expect(answer.headers["content-security-policy"]).toContain("default-src 'none'");
  expect(answer.body).toContain("npm run build");
});

it("serves no page without a folder", async () => {
  addPortalFiles(app, undefined);
  expect((await ask("/")).statusCode).toBe(503);
});
