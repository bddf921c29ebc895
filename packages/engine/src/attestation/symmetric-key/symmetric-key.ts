import {
  decodeBase64,
  deriveDeviceKey,
  type Finding,
  finding,
  type HubAuthentication,
  idKey,
  isSignedBy,
  type SasToken,
} from "@rollcall/protocol";
import type { GroupRecord, IndividualRecord } from "../../records/records.js";
import type { Attestation, EnrolledBy } from "../judging/attestation.js";
import { hubIdentityAccess } from "../judging/hub-identity.js";
import { checkToken } from "../judging/token.js";
import type { AttestationContext, AttestationRequest, Verdict } from "../judging/verdict.js";
import { wrongGroupRecipe, wrongIndividualRecipe } from "./key-recipes.js";
import { keyProblem, readKeys } from "./read-keys.js";
import { signedOtherText } from "./signed-text.js";

interface KeyPair {
  readonly primaryKey: string;
  readonly secondaryKey: string;
}

const texts = (keys: KeyPair): readonly string[] => [keys.primaryKey, keys.secondaryKey];
const decode = (text: string): Buffer => decodeBase64(text) ?? Buffer.alloc(0);

function hubKeys(keys: KeyPair): HubAuthentication {
  return { type: "symmetricKey", primaryKey: keys.primaryKey, secondaryKey: keys.secondaryKey };
}

/** The keys of one device of a group, derived from this spelling of its id (wire.md#key-derivation). */
function derive(group: KeyPair, id: string): KeyPair {
  const one = (text: string) => deriveDeviceKey(decode(text), id).toString("base64");
  return { primaryKey: one(group.primaryKey), secondaryKey: one(group.secondaryKey) };
}

const verifies = (token: SasToken, keys: KeyPair): boolean =>
  texts(keys).some((text) => isSignedBy(token, decode(text)));

/** Symmetric keys (wire.md#symmetric-key): the enrollment's own keys, or keys derived from a group's. */
export const symmetricKey: Attestation<"symmetricKey"> = {
  judges: ["symmetricKey"],
  individual,
  group,
  missingGroupHint,
  read: readKeys,
  wire: ({ primaryKey, secondaryKey }) => ({ type: "symmetricKey", symmetricKey: { primaryKey, secondaryKey } }),
  checkRecord: ({ primaryKey, secondaryKey }) =>
    keyProblem("attestation.primaryKey", primaryKey) ?? keyProblem("attestation.secondaryKey", secondaryKey),
  // Enrollments are not found by a symmetric key: a token is tried with the keys of each.
  lookUps: () => [],
  deviceKey: (keys, kind, registrationId) =>
    kind === "group" ? derive(keys, registrationId).primaryKey : keys.primaryKey,
  finish: {
    hubAccess: hubIdentityAccess,
    resultMember: ({ enrollment }) => ({
      symmetricKey: enrollment.kind === "group" ? { enrollmentGroupId: enrollment.id } : {},
    }),
    runtimeMember: () => ({ symmetricKey: {} }),
  },
};

async function individual(
  request: AttestationRequest,
  enrollment: EnrolledBy<"symmetricKey">,
  context: AttestationContext,
): Promise<Verdict> {
  const { token, findings } = tokenOf(request, context);
  const base = { enrollment, attestation: "symmetricKey" as const };
  const keys = enrollment.attestation;
  if (!token) return { ...base, findings };
  if (!verifies(token, keys))
    return { ...base, findings: [...findings, individualMismatch(request, enrollment, token, keys)] };
  const deviceId = enrollment.deviceId ?? enrollment.registrationId;
  return { ...base, findings, proof: { kind: "hubIdentity", authentication: hubKeys(keys), deviceId } };
}

async function group(request: AttestationRequest, context: AttestationContext): Promise<Verdict> {
  const { token, findings } = tokenOf(request, context);
  if (!token) return { findings, attestation: "symmetricKey" };
  const groups = await candidates(request, context);
  for (const group of groups) {
    const verdict = groupVerdict(request, group, token);
    if (verdict) return { ...verdict, findings: [...findings, ...verdict.findings] };
  }
  const wrong = context.mayExplain(groups.length * TRIES_PER_GROUP)
    ? wrongRecipe(request, groups, token)
    : [finding("explanation.leftOut")];
  return { findings: [...findings, ...wrong], attestation: "symmetricKey" };
}

function tokenOf(request: AttestationRequest, context: AttestationContext): ReturnType<typeof checkToken> {
  const text = request.credentials.kind === "sas" ? request.credentials.token : "";
  return checkToken(text, request, context.now);
}

function individualMismatch(
  request: AttestationRequest,
  enrollment: IndividualRecord,
  token: SasToken,
  keys: KeyPair,
): Finding {
  const { registrationId } = request;
  const id = enrollment.registrationId;
  return (
    signedOtherText(token, texts(keys).map(decode), id) ??
    wrongIndividualRecipe({ token, registrationId, id, keys: texts(keys) }) ??
    finding("key.signatureMismatch", {
      values: { id, registrationId },
      expected: `a signature with the primary or the secondary key of ${id}`,
      got: "a signature with a different key",
    })
  );
}

/** A token names no group: try the group of the last registration first, then all (at most 100). */
async function candidates(request: AttestationRequest, context: AttestationContext): Promise<readonly GroupRecord[]> {
  const registration = await context.store.registration(request.registrationId);
  const known = registration?.enrollment.kind === "group" ? registration.enrollment.id : undefined;
  const groups = await context.store.symmetricKeyGroups();
  if (known === undefined) return groups;
  const last = groups.find((group) => idKey(group.enrollmentGroupId) === idKey(known));
  return last ? [last, ...groups.filter((group) => group !== last)] : groups;
}

/**
 * Tries the key derived from the id as spelled in the user name, then the key of its lower-case form
 * (wire.md#key-derivation).
 */
function groupVerdict(request: AttestationRequest, group: GroupRecord, token: SasToken): Verdict | undefined {
  if (group.attestation.type !== "symmetricKey") return undefined;
  const spellings = new Set([request.registrationId, request.registrationId.toLowerCase()]);
  for (const spelling of spellings) {
    const keys = derive(group.attestation, spelling);
    if (!verifies(token, keys)) continue;
    const proof = { kind: "hubIdentity" as const, authentication: hubKeys(keys), deviceId: request.registrationId };
    return { findings: [], enrollment: group, attestation: "symmetricKey", proof };
  }
  return undefined;
}

/** Number of keys that are tried on a token for each group before the search gives up. */
const TRIES_PER_GROUP = 24;

/**
 * Number of groups whose devices are checked for having signed a wrong text: all groups of a service that is not very
 * large.
 */
const GROUPS_FOR_TEXTS = 10;

function wrongRecipe(request: AttestationRequest, groups: readonly GroupRecord[], token: SasToken): readonly Finding[] {
  for (const group of groups.slice(0, GROUPS_FOR_TEXTS)) {
    if (group.attestation.type !== "symmetricKey") continue;
    const keys = texts(derive(group.attestation, request.registrationId)).map(decode);
    const wrong = signedOtherText(token, keys, request.registrationId);
    if (wrong) return [wrong];
  }
  for (const group of groups) {
    if (group.attestation.type !== "symmetricKey") continue;
    const { registrationId } = request;
    const wrong = wrongGroupRecipe({
      token,
      registrationId,
      id: group.enrollmentGroupId,
      keys: texts(group.attestation),
    });
    if (wrong) return [wrong];
  }
  return [];
}

/** A valid token that fits no group has more often a wrong key than a device that is not enrolled. */
async function missingGroupHint(request: AttestationRequest, context: AttestationContext): Promise<string> {
  const groups = await context.store.symmetricKeyGroups();
  if (groups.length === 0) return "";
  const more = groups.length > 3 ? ` and ${groups.length - 3} more` : "";
  const names = groups.slice(0, 3).map((group) => group.enrollmentGroupId);
  return ` Its token fits no symmetric-key group (${names.join(", ")}${more}): was its key derived from another group's key, or from another id? rollcall env ${request.registrationId}${groups.length > 1 ? " --group <id>" : ""} prints the right one.`;
}
