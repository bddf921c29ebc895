import swagger, { type StaticDocumentSpec } from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { FastifyInstance } from "fastify";
import { openApiDocument } from "./openapi.js";

/** Everything comes from this listener; the page asks no other host. */
const CONTENT_SECURITY =
  "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'self'; object-src 'none'";

/** Adds `/openapi.json` and, at `/docs`, a page to read it and to try it. */
export async function addApiDocs(app: FastifyInstance): Promise<void> {
  const document = openApiDocument();
  // The plugin's type wants one of two versions of OpenAPI's types; the document is checked by its test.
  const specification = { document } as unknown as StaticDocumentSpec;
  await app.register(swagger, { mode: "static", specification });
  await app.register(swaggerUi, {
    routePrefix: "/docs",
    staticCSP: CONTENT_SECURITY,
    uiConfig: { docExpansion: "list" },
  });
  app.get("/openapi.json", () => document);
}
