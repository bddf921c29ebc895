import type { StaticDocumentSpec } from "@fastify/swagger";
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from "fastify";
import { openApiDocument } from "./openapi.js";

/** Everything comes from this listener; the page loads nothing from other hosts. */
const CONTENT_SECURITY =
  "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'self'; object-src 'none'";
const PREFIX = "/docs";

/** Adds `/openapi.json` and, at `/docs`, a page for reading the document and trying requests. */
export function addApiDocs(app: FastifyInstance): void {
  let docs: Promise<FastifyInstance> | undefined;
  const answer = async (request: FastifyRequest, reply: FastifyReply) => {
    docs ??= createDocs();
    const { routing } = await docs;
    reply.hijack();
    routing(request.raw, reply.raw);
  };
  for (const url of [PREFIX, `${PREFIX}/*`]) app.get(url, { exposeHeadRoute: false }, answer);
  app.get("/openapi.json", () => openApiDocument());
  app.addHook("onClose", async () => {
    await (await docs)?.close();
  });
}

/**
 * The page is a separate server, which is made at its first request: that takes longer than the start of everything
 * else.
 */
async function createDocs(): Promise<FastifyInstance> {
  const [{ default: swagger }, { default: swaggerUi }] = await Promise.all([
    import("@fastify/swagger"),
    import("@fastify/swagger-ui"),
  ]);
  const app = fastify();
  app.addHook("onRequest", async (_request, reply) => {
    reply.header("x-content-type-options", "nosniff");
  });
  // The plugin's type is limited to two versions of OpenAPI's types; api-docs.test.ts checks the document.
  const specification = { document: openApiDocument() } as unknown as StaticDocumentSpec;
  await app.register(swagger, { mode: "static", specification });
  await app.register(swaggerUi, {
    routePrefix: PREFIX,
    staticCSP: CONTENT_SECURITY,
    uiConfig: { docExpansion: "list" },
  });
  await app.ready();
  return app;
}
