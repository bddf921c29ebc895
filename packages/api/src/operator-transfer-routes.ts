import { Readable } from "node:stream";
import { type Clock, exportRecords, importRecords } from "@rollcall/engine";
import { DpsError, type ImportResult, operatorRoutes } from "@rollcall/protocol";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { FileSpool, spoolUpload, UploadTooLarge } from "./file-spool.js";
import type { OperatorParts } from "./operator-parts.js";
import { queryFlag } from "./operator-request.js";

/** Enough for more than a million entries. */
const MAX_UPLOAD = 2 * 1024 ** 3;

/** Adds the export and the import of all records. */
export function addTransferRoutes(scope: FastifyInstance, parts: OperatorParts, clock: Clock): void {
  const { store, idScope } = parts;
  // HEAD would read everything in vain.
  scope.get(operatorRoutes.exportRecords.path, { exposeHeadRoute: false }, (_request, reply) => {
    const name = `rollcall-${idScope}.ndjson`;
    return reply
      .type("application/x-ndjson; charset=utf-8")
      .header("content-disposition", `attachment; filename="${name}"`)
      .send(Readable.from(exportRecords({ store, idScope, now: clock() }), { objectMode: false }));
  });
  scope.post(operatorRoutes.importRecords.path, (request) => importUpload(request, parts, clock));
}

async function importUpload(request: FastifyRequest, parts: OperatorParts, clock: Clock): Promise<ImportResult> {
  const overwrite = queryFlag(request, "overwrite");
  const generateKeys = queryFlag(request, "generateKeys");
  await using upload = await FileSpool.open(parts.spoolDirectory);
  // The parser of these routes passes the stream on; it is undefined for a request without a body.
  const stream = request.body as Readable | undefined;
  if (stream) await spoolUpload(stream, upload, MAX_UPLOAD).catch(refuseTooLarge);
  await using spool = await FileSpool.open(parts.spoolDirectory);
  const { store, idScope, hubs, random } = parts;
  // Awaited here, because both files are removed at the end of this function.
  return await importRecords(upload.read(), {
    store,
    idScope,
    hubs,
    clock,
    random,
    spool,
    overwrite,
    generateKeys,
  });
}

function refuseTooLarge(error: unknown): never {
  if (!(error instanceof UploadTooLarge)) throw error;
  throw new DpsError("payloadTooLarge", `The upload is larger than ${MAX_UPLOAD / 1024 ** 3} GB.`, { cause: error });
}
