import {
  type EnrollmentKind,
  enrollmentKinds,
  hasSecrets,
  idProblem,
  isAttestationKind,
  type JsonObject,
} from "@rollcall/protocol";
import { type LocatedFlags, operator } from "../../client/located.js";
import type { EnrollmentAnswer, OperatorClient } from "../../client/operator-client.js";
import { where } from "../../client/running-service.js";
import type { Asked } from "../../client/service-refusal.js";
import { CliError } from "../../terminal/cli-error.js";
import { confirm } from "../../terminal/confirm.js";
import type { Context } from "../../terminal/context.js";
import { writeList, writeRecord } from "../../terminal/output.js";
import { objectAt, textAt } from "../../terminal/record-text.js";
import { quote } from "../../terminal/shell.js";
import { attestationFlags } from "./attestation-flags.js";
import { createdEnrollment, updatedEnrollment } from "./body.js";
import { type Change, type EnrollmentVerb, flagOfMember, readChanges } from "./changes.js";
import { nouns } from "./flags-table.js";
import { enrollmentColumns, enrollmentPairs, type ShownEnrollment } from "./view.js";

interface NamedFlags extends LocatedFlags {
  readonly enrollmentId: string;
}

export type MutatingFlags = NamedFlags & { readonly dryRun?: boolean; readonly ifMatch?: string };

/** The kind of enrollment and the context, which all actions of a noun need. */
interface Scene {
  readonly kind: EnrollmentKind;
  readonly context: Context;
}

/** `create`: never replaces an existing enrollment. */
export async function create(flags: MutatingFlags, { kind, context }: Scene): Promise<void> {
  const { enrollmentId: id } = flags;
  requireId(id, kind);
  const changes = await changesOf(flags, "create", { kind, context });
  const body = createdEnrollment(kind, id, changes);
  if (flags.dryRun === true) return rehearse(body, flags, { kind, context });
  const client = await operator(flags);
  const command = `rollcall ${nouns[kind]} update --eid ${quote(id)}${where(flags)}`;
  const about = asked(flags, kind);
  await questionKey(client, body, flags, context);
  const made = await client.createEnrollment(kind, body, { ...about, next: { ...about.next, conflict: command } });
  await write(made, flags, { kind, context });
  const next = commandAfter(body, flags, kind);
  if (next !== undefined) context.terminal.note(`Next: ${next}`);
}

/**
 * Asks the service about an endorsement key and prints its notes, such as for a storage root key, or for the key of
 * another enrollment.
 */
async function questionKey(
  client: OperatorClient,
  body: JsonObject,
  flags: NamedFlags,
  { terminal }: Context,
): Promise<void> {
  const endorsementKey = textAt(objectAt(objectAt(body, "attestation"), "tpm"), "endorsementKey");
  if (endorsementKey === undefined) return;
  const question = { endorsementKey, registrationId: flags.enrollmentId };
  const { notes } = await client.operate("inspectEndorsementKey", { body: question, ...asked(flags, "individual") });
  for (const note of notes) terminal.note(`--ek: ${note}`);
}

/** `show`; with `--keys` also the keys. */
export async function show(flags: NamedFlags & { readonly showKeys?: boolean }, scene: Scene): Promise<void> {
  const { kind, context } = scene;
  const client = await operator(flags);
  const item = await client.enrollment(kind, flags.enrollmentId, asked(flags, kind));
  if (flags.showKeys !== true) return write(item, flags, scene);
  const type = textAt(objectAt(item, "attestation"), "type");
  if (!hasSecrets(type)) {
    context.terminal.note(`--keys: ${flags.enrollmentId} attests by ${type}, so it has no keys to show`);
    return write(item, flags, scene);
  }
  const attestation = await client.mechanism(kind, flags.enrollmentId, asked(flags, kind));
  return write({ ...item, attestation }, flags, scene);
}

/** `list`: all enrollments, or those that match a condition in the service's query language. */
export async function list(
  flags: LocatedFlags & { readonly top?: number; readonly filter?: string },
  { kind, context }: Scene,
): Promise<void> {
  const client = await operator(flags);
  const query = queryOf(kind, flags.filter);
  const before = query.length - (flags.filter ?? query).length;
  const items = await client.enrollments(kind, query, flags.top).catch((error: unknown) => {
    throw before > 0 ? inFilter(error, before) : error;
  });
  await writeList(context.terminal, flags.output, items, enrollmentColumns(kind));
}

/** Makes a query of `--filter`, which is a whole `SELECT …` or a condition for its WHERE. */
function queryOf(kind: EnrollmentKind, filter: string | undefined): string {
  if (filter !== undefined && /^\s*select\s/i.test(filter)) return filter;
  const all = `SELECT * FROM ${enrollmentKinds[kind].collection}`;
  return filter === undefined ? all : `${all} WHERE ${filter}`;
}

/** Rewords an error in the query: the position counts from the start of the typed condition. */
function inFilter(error: unknown, before: number): unknown {
  if (!(error instanceof CliError)) return error;
  const [, position, why = ""] = /^query, character (\d+): (.*)$/s.exec(error.message) ?? [];
  if (position === undefined) return error;
  return new CliError(error.kind, `--filter, character ${Number(position) - before}: ${why}`, { cause: error });
}

/** `update`: reads the enrollment, applies the flags, and writes it back if its version has not changed. */
export async function update(flags: MutatingFlags, scene: Scene): Promise<void> {
  const { kind } = scene;
  const changes = await changesOf(flags, "update", scene);
  if (changes.length === 0)
    throw new CliError("usage", "nothing to change", { next: `rollcall ${nouns[kind]} update --help` });
  const client = await operator(flags);
  const once = async (): Promise<JsonObject> => {
    const { body, etag } = await readForUpdate(client, flags, kind);
    const changed = updatedEnrollment(kind, body, changes);
    if (flags.dryRun === true) return changed;
    const ifMatch = flags.ifMatch ?? etag;
    return client.putEnrollment(kind, flags.enrollmentId, { body: changed, ifMatch, ...asked(flags, kind, "update") });
  };
  // Another client wrote in between. The flags concern only their own members, so the change is applied once more on
  // top.
  const item = await once().catch((error: unknown) => {
    if (error instanceof CliError && error.kind === "conflict" && flags.ifMatch === undefined) return once();
    throw error;
  });
  if (flags.dryRun === true) return rehearse(item, flags, scene);
  await write(item, flags, scene);
}

async function readForUpdate(
  client: OperatorClient,
  flags: NamedFlags,
  kind: EnrollmentKind,
): Promise<{ body: JsonObject; etag: string | undefined }> {
  const id = flags.enrollmentId;
  const item = await client.enrollment(kind, id, asked(flags, kind));
  const etag = textAt(item, "etag");
  if (!hasSecrets(textAt(objectAt(item, "attestation"), "type"))) return { body: item, etag };
  // Written back without its keys, the enrollment would get new keys.
  return { body: { ...item, attestation: await client.mechanism(kind, id, asked(flags, kind)) }, etag };
}

/** `delete`. */
export async function remove(flags: MutatingFlags & { readonly yes?: boolean }, scene: Scene): Promise<void> {
  const { kind, context } = scene;
  const { enrollmentId: id, ifMatch } = flags;
  const client = await operator(flags);
  const about = asked(flags, kind);
  // An enrollment that does not exist is an error before any question.
  const item = await client.enrollment(kind, id, about);
  if (flags.dryRun === true) return rehearse(item, flags, scene);
  await confirm(context.terminal, `delete the ${nouns[kind]} ${id}`, flags.yes);
  await client.deleteEnrollment(kind, id, { ifMatch, ...about });
  context.terminal.note(`deleted ${id}${leftBehind(kind, item)}`);
}

/** Says what remains after an enrollment is deleted (wire.md#deprovisioning). */
function leftBehind(kind: EnrollmentKind, item: EnrollmentAnswer): string {
  if (kind === "group") return "; the registrations of its devices stay";
  const hub = textAt(objectAt(item, "registrationState"), "assignedHub");
  return hub === undefined ? "" : `; its device stays at ${hub}`;
}

function requireId(id: string, kind: EnrollmentKind): void {
  const problem = idProblem(id);
  if (problem) throw new CliError("usage", `${kind === "group" ? "--gid" : "--eid"} ${id}: ${problem.message}`);
}

function changesOf(flags: MutatingFlags, verb: EnrollmentVerb, { kind, context }: Scene): Promise<Change[]> {
  return readChanges(kind, verb, { ...flags }, (text) => context.terminal.note(text));
}

/** Facts for the error message when the service refuses. */
export function asked(flags: NamedFlags, kind: EnrollmentKind, verb: EnrollmentVerb = "create"): Asked {
  const noun = `rollcall ${nouns[kind]}`;
  return {
    subject: flags.enrollmentId,
    flagOf: (member) => flagOfMember(member, kind),
    next: {
      notFound: `${noun} list${where(flags)}`,
      conflict: `${noun} show --eid ${quote(flags.enrollmentId)}${where(flags)}`,
      usage: `${noun} ${verb} --help`,
    },
  };
}

function write(item: ShownEnrollment, flags: LocatedFlags, { kind, context }: Scene): Promise<void> {
  return writeRecord(context.terminal, flags.output, item, enrollmentPairs(kind, item));
}

/** `--dry-run`: prints what would be sent. The service has not checked it. */
async function rehearse(body: JsonObject, flags: LocatedFlags, scene: Scene): Promise<void> {
  await write(body, flags, scene);
  scene.context.terminal.note("dry run: nothing was changed");
}

/** The command to suggest after this enrollment was created. */
function commandAfter(body: JsonObject, flags: NamedFlags, kind: EnrollmentKind): string | undefined {
  const type = textAt(objectAt(body, "attestation"), "type");
  return isAttestationKind(type)
    ? attestationFlags[type].next(kind, quote(flags.enrollmentId), where(flags))
    : undefined;
}
