import { type Finding, finding, idProblem, judgeApiVersion } from "@rollcall/protocol";
import type { DeviceRequest } from "../attempts/engine-types.js";

/** Checks a request before anything is looked up. */
export function checkRequest(request: DeviceRequest, idScope: string): readonly Finding[] {
  return [
    ...checkApiVersion(request.apiVersion),
    ...checkScope(request.idScope, idScope),
    ...checkId(request.registrationId),
  ];
}

function checkApiVersion(apiVersion: string | undefined): readonly Finding[] {
  const verdict = judgeApiVersion(apiVersion);
  if (verdict === "known") return [];
  if (verdict === "missing") return [finding("protocol.apiVersionMissing", { expected: "api-version=2019-03-31" })];
  const got = apiVersion ?? "";
  if (verdict === "malformed")
    return [finding("protocol.apiVersionMalformed", { expected: "YYYY-MM-DD or YYYY-MM-DD-preview", got })];
  return [finding("protocol.apiVersionNewer", { values: { got, served: "the newest known version" }, got })];
}

function checkScope(got: string, expected: string): readonly Finding[] {
  if (got.toLowerCase() === expected.toLowerCase()) return [];
  return [finding("idScope.mismatch", { values: { got, expected }, expected, got })];
}

const LEGAL_ID = "1 to 128 of A–Z a–z 0–9 - . _ :, ending with a letter, a digit or a hyphen";

function checkId(registrationId: string): readonly Finding[] {
  const problem = idProblem(registrationId);
  if (!problem) return [];
  return [finding("id.illegal", { values: { reason: problem.message }, expected: LEGAL_ID, got: registrationId })];
}
