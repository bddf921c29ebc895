import { existsSync } from "node:fs";
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance } from "fastify";

/** The page may only run, show and request what this listener serves, and no other page may frame it. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const SECURITY_HEADERS = {
  "content-security-policy": CONTENT_SECURITY_POLICY,
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
} as const;

/** The names of the page's other files change with their content. */
const ASSETS = "/assets/";
const YEAR_SECONDS = 31_536_000;

const NOT_BUILT = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Rollcall</title>
<h1>The portal is not built</h1>
<p>The service runs, and its APIs are served here. For the page, run <code>npm run build</code> and start the service again.</p>
</html>
`;

/**
 * Serves the built page. `folder` contains index.html and assets/; when it is absent or empty, `/` says so. Unknown
 * paths are 404: the page keeps its own routes in the fragment.
 */
export function addPortalFiles(app: FastifyInstance, folder: string | undefined): void {
  app.register(async (scope) => {
    scope.addHook("onRequest", async (request, reply) => {
      const isAsset = request.url.startsWith(ASSETS);
      reply.headers({
        ...SECURITY_HEADERS,
        "cache-control": isAsset ? `public, max-age=${YEAR_SECONDS}, immutable` : "no-store",
      });
    });
    if (folder === undefined || !existsSync(join(folder, "index.html"))) {
      scope.get("/", (_request, reply) => reply.code(503).type("text/html; charset=utf-8").send(NOT_BUILT));
      return;
    }
    // One route for each file, fixed at the start: no part of a request's path is used as a file name.
    await scope.register(fastifyStatic, {
      root: folder,
      wildcard: false,
      decorateReply: false,
      cacheControl: false,
      serveDotFiles: false,
    });
  });
}
