import {
  DEVICE_API_VERSION,
  type Finding,
  finding,
  idProblem,
  judgeApiVersion,
  limits,
  NEWEST_API_VERSION,
} from "@rollcall/protocol";
import type { DeviceRequest } from "../attempts/engine-types.js";

/** The rules for every request. */
export interface RequestRules {
  readonly idScope: string;
  /** An api-version newer than the known versions is refused; else it is served with a warning. */
  readonly knownVersionsOnly: boolean;
}

/** Checks a request before anything is looked up. */
export function checkRequest(request: DeviceRequest, rules: RequestRules): readonly Finding[] {
  return [
    ...checkApiVersion(request.apiVersion, rules.knownVersionsOnly),
    ...checkScope(request.idScope, rules.idScope),
    ...checkId(request.registrationId),
  ];
}

function checkApiVersion(apiVersion: string | undefined, knownOnly: boolean): readonly Finding[] {
  const verdict = judgeApiVersion(apiVersion);
  if (verdict === "known") return [];
  if (verdict === "missing")
    return [finding("protocol.apiVersionMissing", { expected: `api-version=${DEVICE_API_VERSION}` })];
  const got = apiVersion ?? "";
  if (verdict === "malformed")
    return [finding("protocol.apiVersionMalformed", { expected: "YYYY-MM-DD or YYYY-MM-DD-preview", got })];
  if (knownOnly)
    return [finding("protocol.apiVersionUnknown", { values: { got }, expected: `at most ${NEWEST_API_VERSION}`, got })];
  return [finding("protocol.apiVersionNewer", { values: { got, served: "the newest known version" }, got })];
}

function checkScope(got: string, expected: string): readonly Finding[] {
  if (got.toLowerCase() === expected.toLowerCase()) return [];
  return [finding("idScope.mismatch", { values: { got, expected }, expected, got })];
}

const LEGAL_ID = `1 to ${limits.idLength} of A–Z a–z 0–9 - . _ :, ending with a letter, a digit or a hyphen`;

function checkId(registrationId: string): readonly Finding[] {
  const problem = idProblem(registrationId);
  if (!problem) return [];
  return [finding("id.illegal", { values: { reason: problem.message }, expected: LEGAL_ID, got: registrationId })];
}
