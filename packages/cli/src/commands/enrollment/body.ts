import {
  type AttestationType,
  attestationKindNames,
  attestationKinds,
  type EnrollmentKind,
  enrollmentKinds,
  groupRefusal,
  isAttestationKind,
  isObject,
  type Json,
  type JsonObject,
} from "@rollcall/protocol";
import { CliError } from "../../terminal/cli-error.js";
import { objectAt } from "../../terminal/record-text.js";
import { attestationFlags } from "./attestation-flags.js";
import type { Change } from "./changes.js";
import { certificatePairs } from "./flags-table.js";

function withMember(object: JsonObject, [name, ...rest]: readonly string[], value: Json | undefined): JsonObject {
  if (name === undefined) return object;
  const { [name]: _, ...others } = object;
  if (rest.length > 0) return { ...object, [name]: withMember(objectAt(object, name), rest, value) };
  return value === undefined ? others : { ...object, [name]: value };
}

/** The enrollment that `create` sends. Throws CliError for flags that do not go together. */
export function createdEnrollment(kind: EnrollmentKind, id: string, changes: readonly Change[]): JsonObject {
  const type = chooseType(kind, changes);
  requireFitting(changes, type, `--at ${type}`);
  const start = { [enrollmentKinds[kind].id]: id, attestation: { type } };
  return withChanges(kind, start, changes);
}

/** Members that only the service writes, so they are not sent back; the ETag is sent as a header. */
const READ_ONLY = ["registrationState", "createdDateTimeUtc", "lastUpdatedDateTimeUtc", "etag"];

/**
 * `current` with the changes, ready to be sent. Throws CliError for flags that contradict each other or the enrollment.
 */
export function updatedEnrollment(kind: EnrollmentKind, current: JsonObject, changes: readonly Change[]): JsonObject {
  const type = String(objectAt(current, "attestation")["type"]);
  const id = String(current[enrollmentKinds[kind].id]);
  requireFitting(
    changes,
    type,
    `${id}, which attests by ${type} (its type cannot change: delete it and create it again)`,
  );
  const kept = Object.fromEntries(Object.entries(current).filter(([name]) => !READ_ONLY.includes(name)));
  return withChanges(kind, kept, changes);
}

function chooseType(kind: EnrollmentKind, changes: readonly Change[]): AttestationType {
  const said = changes.find(({ path }) => path.join(".") === "attestation.type")?.value;
  const refusal = kind === "group" && isAttestationKind(said) ? groupRefusal(said) : undefined;
  if (refusal !== undefined)
    throw new CliError("usage", `--at: ${refusal}`, { next: `rollcall enrollment create --at ${said}` });
  // The flag accepts only these words.
  if (said !== undefined) return said as AttestationType;
  const implied = new Set(changes.flatMap(({ attestation }) => attestation ?? []));
  const [type, other] = implied;
  if (other !== undefined) {
    const flags = changes.filter(({ attestation }) => attestation !== undefined).map(({ flag }) => flag);
    throw new CliError("usage", `${flags.join(", ")}: these flags are of different attestation types`);
  }
  if (type !== undefined) return type;
  // A group without any attestation flag gets the kind whose secret the service generates.
  const [generated] = attestationKindNames.filter((each) => attestationKinds[each].generated);
  if (kind === "group" && generated) return generated;
  throw new CliError("usage", "no flag says how the device proves its identity: give --at symmetricKey, --ek or --cp");
}

function requireFitting(changes: readonly Change[], type: string, where: string): void {
  const foreign = changes.find(({ attestation }) => attestation !== undefined && attestation !== type);
  if (foreign) throw new CliError("usage", `${foreign.flag} does not go with ${where}`);
}

function withChanges(kind: EnrollmentKind, start: JsonObject, changes: readonly Change[]): JsonObject {
  const has = (name: string) => changes.find(({ path }) => path[0] === name || path.join(".") === name);
  const certificates = changes.filter(isOfPair);
  let body = start;
  for (const change of changes)
    if (!isOfPair(change) && change.path[0] !== "iotHubHostName") body = withMember(body, change.path, change.value);
  body = withHubs(body, { one: has("iotHubHostName"), many: has("iotHubs"), policy: has("allocationPolicy") });
  const webhook = has("customAllocationDefinition");
  if (webhook && body["allocationPolicy"] !== "custom")
    throw new CliError("usage", `${webhook.flag} goes with --ap custom`);
  if (has("allocationPolicy") && body["allocationPolicy"] !== "custom")
    body = withMember(body, ["customAllocationDefinition"], undefined);
  return withAttestation(kind, body, certificates);
}

/** True for a certificate or a certificate's name: `attestation.x509.<pair>.<primary or secondary>`. */
const isOfPair = ({ path }: Change): boolean => path[0] === "attestation" && path.length === 4;

type Given = Change | undefined;

/** The single hub of 2017 means static allocation to it (wire.md#individualenrollment); az sends it so. */
function withHubs(body: JsonObject, { one, many, policy }: { one: Given; many: Given; policy: Given }): JsonObject {
  const other = many ?? policy;
  if (one && other) throw new CliError("usage", `${one.flag} and ${other.flag} do not go together`);
  if (!one && !many) return body;
  const { iotHubHostName: _, ...rest } = body;
  return one ? { ...rest, allocationPolicy: "static", iotHubs: [one.value ?? ""] } : rest;
}

function withAttestation(kind: EnrollmentKind, body: JsonObject, certificates: readonly Change[]): JsonObject {
  const attestation = objectAt(body, "attestation");
  const { type } = attestation;
  const [path, flags] = (isAttestationKind(type) && attestationFlags[type].needed?.(kind)) || [];
  const whole =
    certificates.length > 0
      ? { ...attestation, x509: x509Of(objectAt(attestation, "x509"), certificates, kind) }
      : attestation;
  if (path && valueAt(whole, path) === undefined) throw new CliError("usage", `--at ${type} needs ${flags}`);
  return { ...body, attestation: whole };
}

function valueAt(object: JsonObject, path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>((value, name) => (isObject(value) ? value[name] : undefined), object);
}

/**
 * The X.509 attestation after the changes. It has exactly one of the three pairs (wire.md#attestationmechanism), and
 * each unchanged certificate keeps its place.
 */
function x509Of(current: JsonObject, changes: readonly Change[], kind: EnrollmentKind): JsonObject {
  const set = changes.filter(({ value }) => value !== undefined);
  const holders = new Set(set.map(({ path }) => path[2] ?? ""));
  if (holders.size > 1)
    throw new CliError(
      "usage",
      "--cp and --ca-name do not go together: a group has certificates or names of certificates",
    );
  const present = Object.keys(current).find((name) => isObject(current[name])) ?? certificatePairs[kind];
  const [holder = present] = holders;
  let pair = holder === present ? objectAt(current, present) : {};
  for (const { path, value } of changes) if (value === undefined) pair = withMember(pair, [path[3] ?? ""], undefined);
  for (const { path, value } of set) pair = withMember(pair, [path[3] ?? ""], value);
  const { primary, secondary } = pair;
  if (primary == null && secondary == null)
    throw new CliError("usage", "the last certificate cannot be removed: replace it with --cp");
  return { [holder]: { ...(primary != null && { primary }), ...(secondary != null && { secondary }) } };
}
