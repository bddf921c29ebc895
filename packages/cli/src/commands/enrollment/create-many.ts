import { attestationKinds, idProblem, isAttestationKind, type JsonObject, limits } from "@rollcall/protocol";
import { formatId, tellsApart } from "@rollcall/simulator/id-pattern";
import { operator } from "../../client/located.js";
import type { NotMade } from "../../client/operator-client.js";
import { where } from "../../client/running-service.js";
import { CliError } from "../../terminal/cli-error.js";
import type { Context } from "../../terminal/context.js";
import { writeList } from "../../terminal/output.js";
import { objectAt } from "../../terminal/record-text.js";
import { quote } from "../../terminal/shell.js";
import { asked, type MutatingFlags } from "./actions.js";
import { createdEnrollment } from "./body.js";
import { readChanges } from "./changes.js";

/** At most this many refusals are printed one by one. */
const TOLD = 5;

type Flags = MutatingFlags & { readonly count: number };

/**
 * `enrollment create --count`: each enrollment succeeds or fails by itself. Prints the ids of those that were created.
 */
export async function createMany(flags: Flags, context: Context): Promise<void> {
  const { enrollmentId: pattern, count } = flags;
  const { terminal } = context;
  requirePattern(pattern, count);
  const bodies = await bodiesOf(flags, context);
  const refused = flags.dryRun === true ? [] : await send(bodies, flags);
  const failed = new Set(refused.map(({ id }) => id.toLowerCase()));
  const made = bodies
    .map((body) => ({ registrationId: String(body["registrationId"]) }))
    .filter(({ registrationId }) => !failed.has(registrationId.toLowerCase()));
  await writeList(terminal, flags.output, made, [{ title: "id", value: ({ registrationId }) => registrationId }]);
  if (flags.dryRun === true) return terminal.note("dry run: nothing was changed");
  const [first] = refused;
  if (!first) return terminal.note(`Next: eval "$(rollcall env ${quote(formatId(pattern, 1))}${where(flags)})"`);
  for (const { error } of refused.slice(0, TOLD)) terminal.note(error.message);
  const { kind, next } = first.error;
  throw new CliError(kind, `${refused.length} of ${count} could not be created`, { next });
}

async function bodiesOf(flags: Flags, { terminal }: Context): Promise<readonly JsonObject[]> {
  const changes = await readChanges("individual", "create", { ...flags }, (text) => terminal.note(text));
  const bodies = Array.from({ length: flags.count }, (_, index) =>
    createdEnrollment("individual", formatId(flags.enrollmentId, index + 1), changes),
  );
  if (!bodies.every((body) => isGenerated(objectAt(body, "attestation")["type"])))
    throw new CliError(
      "usage",
      "--count works with symmetricKey only: certificates and endorsement keys differ from device to device",
    );
  return bodies;
}

const isGenerated = (type: unknown): boolean => isAttestationKind(type) && attestationKinds[type].generated;

async function send(bodies: readonly JsonObject[], flags: Flags): Promise<readonly NotMade[]> {
  const client = await operator(flags);
  const refused: NotMade[] = [];
  for (let from = 0; from < bodies.length; from += limits.bulkEntries) {
    const some = bodies.slice(from, from + limits.bulkEntries);
    refused.push(...(await client.createEnrollments("individual", some, asked(flags, "individual"))));
  }
  return refused;
}

function requirePattern(pattern: string, count: number): void {
  if (count > 1 && !tellsApart(pattern))
    throw new CliError("usage", `--eid ${pattern}: with --count the id needs %i (or %04i) to tell the devices apart`);
  const problem = idProblem(formatId(pattern, count));
  if (problem) throw new CliError("usage", `--eid ${pattern}: ${problem.message}`);
}
