import { type FileHandle, open } from "node:fs/promises";
import { Readable } from "node:stream";
import { type ImportResult, operatorRoutes } from "@rollcall/protocol";
import { unexpectedAnswer } from "../../client/management-client.js";
import { connect, where } from "../../client/running-service.js";
import { refusalOf } from "../../client/service-refusal.js";
import { CliError } from "../../terminal/cli-error.js";
import type { Context } from "../../terminal/context.js";
import { unreadable } from "../../terminal/files.js";
import { type OutputFormat, writeRecord } from "../../terminal/output.js";
import { showProgress } from "../../terminal/progress.js";
import { quote } from "../../terminal/shell.js";

interface Flags {
  readonly location?: string;
  readonly output?: OutputFormat;
  readonly overwrite?: boolean;
  readonly generateKeys?: boolean;
}

/** `import`: when one record is invalid, the service imports none of them. */
export async function importFrom(file: string, flags: Flags, context: Context): Promise<void> {
  const service = await connect(flags.location);
  const { method, path } = operatorRoutes.importRecords;
  const signal = context.interrupts.hold();
  let bytes = 0;
  await using source = await openSource(file, (more) => {
    bytes += more;
  });
  const query = new URLSearchParams({
    ...(flags.overwrite === true && { overwrite: "true" }),
    ...(flags.generateKeys === true && { generateKeys: "true" }),
  });
  const clear = await showProgress(context, () => `sent ${(bytes / 1e6).toFixed(1)} MB`);
  const response = await service
    .send(`${path}?${query}`, {
      method,
      headers: { "content-type": "application/x-ndjson" },
      body: source.body,
      timeoutMs: Number.POSITIVE_INFINITY,
      signal,
    })
    .catch((error: unknown) => {
      throw bytes > 0 ? unanswered(error, file, flags) : error;
    })
    .finally(clear);
  if (response.status === 401) throw unexpectedAnswer(response);
  if (!response.ok) throw await refused(response, file, flags);
  // The service is of the same version as this client: both come in one package.
  const result = (await response.json()) as ImportResult;
  const pairs = Object.entries(result.imported).map(([name, count]) => [name, String(count)] as const);
  await writeRecord(context.terminal, flags.output, result, pairs);
  for (const note of result.notes) context.terminal.note(note);
}

/** The service writes records in parts, and continues when its client has gone. */
function unanswered(error: unknown, file: string, flags: Flags): unknown {
  if (!(error instanceof CliError)) return error;
  const message = `${error.message}; some or all of the records may have been imported; to make sure, import them again with --overwrite`;
  const again = `rollcall import ${quote(file)}${where(flags)} --overwrite`;
  return new CliError(error.kind, message, { next: error.kind === "interrupted" ? again : error.next, cause: error });
}

/** The service's message names the line and its query parameters; this error names the file and the flags instead. */
async function refused(response: Response, file: string, flags: Flags): Promise<CliError> {
  const command = `rollcall import ${quote(file)}${where(flags)}`;
  const { kind, message } = await refusalOf(response);
  const text = message.replace("generateKeys=true", "--generate-keys").replace("overwrite=true", "--overwrite");
  const next = { usage: "rollcall import --help", conflict: `${command} --overwrite` }[String(kind)];
  return new CliError(kind, `${file === "-" ? "standard input" : file}: ${text}`, { next });
}

interface Source extends AsyncDisposable {
  readonly body: ReadableStream<Uint8Array>;
}

async function openSource(file: string, sent: (bytes: number) => void): Promise<Source> {
  const handle = file === "-" ? undefined : await openFile(file);
  const stream = handle ? handle.createReadStream() : process.stdin;
  return {
    // The types of Node's streams and of fetch's differ in name only.
    body: Readable.toWeb(Readable.from(counted(stream, sent), { objectMode: false })) as ReadableStream<Uint8Array>,
    async [Symbol.asyncDispose]() {
      await handle?.close().catch(() => undefined);
    },
  };
}

async function* counted(chunks: AsyncIterable<Uint8Array>, add: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    add(chunk.length);
    yield chunk;
  }
}

async function openFile(file: string): Promise<FileHandle> {
  try {
    const handle = await open(file);
    if (!(await handle.stat()).isDirectory()) return handle;
    await handle.close();
  } catch (error) {
    throw unreadable(error, file, "");
  }
  throw new CliError("usage", `${file}: it is a folder`);
}
