import { operatorRoutes } from "@rollcall/protocol";
import { connect, type RunningService } from "../../client/running-service.js";
import { refusalOf } from "../../client/service-refusal.js";
import { CliError } from "../../terminal/cli-error.js";
import type { Context } from "../../terminal/context.js";
import { refuseExisting, writeAtomically } from "../../terminal/files.js";
import { showProgress } from "../../terminal/progress.js";

interface Flags {
  readonly location?: string;
  readonly force?: boolean;
}

/** `export`: streams, so that memory does not grow with the data. A file is written completely or not at all. */
export async function exportTo(file: string, flags: Flags, context: Context): Promise<void> {
  const { terminal, interrupts } = context;
  const toFile = file !== "-";
  if (toFile && flags.force !== true) await refuseExisting(file);
  const service = await connect(flags.location);
  const signal = interrupts.hold();
  const { method, path } = operatorRoutes.exportRecords;
  const response = await service.send(path, { method, timeoutMs: Number.POSITIVE_INFINITY, signal });
  if (!response.ok) throw await refusalOf(response);
  let records = 0;
  const text = () => `exported ${records.toLocaleString("en")} record${records === 1 ? "" : "s"}`;
  const clear = await showProgress(context, text);
  try {
    const chunks = whole(received(response, service, signal), (more) => {
      records += more;
    });
    if (toFile) await writeAtomically(file, chunks, 0o600);
    else for await (const chunk of chunks) await terminal.write(chunk);
  } finally {
    clear();
  }
  terminal.note(`${text()}${toFile ? ` to ${file}` : ""}; it contains keys`);
}

/** The body of an answer. Throws CliError when the connection or the user ends it early. */
async function* received(response: Response, service: RunningService, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    if (response.body) yield* response.body;
  } catch (error) {
    if (signal.aborted) throw new CliError("interrupted", "interrupted: nothing was written", { cause: error });
    throw service.unanswered(error);
  }
}

const LINE_FEED = 0x0a;
/** More bytes than the last line of an export has. */
const TAIL_BYTES = 256;

/**
 * Passes an export on and counts its records: all lines except the first and the last. The last line says how many
 * there are.
 */
async function* whole(chunks: AsyncIterable<Uint8Array>, add: (records: number) => void): AsyncGenerator<Uint8Array> {
  let lines = 0;
  let tail = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const before = Math.max(0, lines - 2);
    for (const byte of chunk) if (byte === LINE_FEED) lines += 1;
    add(Math.max(0, lines - 2) - before);
    tail = Buffer.concat([tail, chunk]).subarray(-TAIL_BYTES);
    yield chunk;
  }
  const last = tail.toString().trimEnd().split("\n").at(-1) ?? "";
  if (last !== `{"kind":"end","records":${lines - 2}}`)
    throw new CliError("unreachable", "the export was cut short: the service stopped in the middle of it");
}
