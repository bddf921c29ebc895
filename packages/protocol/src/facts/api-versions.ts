/** Dated api-versions of clients and specification (wire.md#api-versions), and the changes that concern Rollcall. */
export const apiVersions = {
  "2017-11-15": "before reprovisioning: a device stays on its first hub unless the enrollment says otherwise",
  "2018-04-01": "as 2017-11-15 (service SDK of C)",
  "2018-09-01-preview": "reprovisioning policies",
  "2018-11-01": "reprovisioning policies",
  "2019-03-31": "payload to and from custom allocation; sent by Node, Python, .NET, Java and embedded C",
  "2021-06-01": "sent by C and IoT Edge",
  "2021-10-01": "group bulk operations",
  "2021-11-01-preview": "certificate issuance, first form",
  "2025-07-01-preview": "certificate issuance (csr), credentialPolicyName",
  "2026-11-01": "what az sends to the service API (azure-iot extension, test_dps_service_contract_unit.py)",
  "2026-11-02-preview": "as 2026-11-01; in the specification, and in the documentation of az",
} as const;

/** The version that our own device client sends; most SDKs send it. */
export const DEVICE_API_VERSION = "2019-03-31";
/** The version of the hub that our own device client sends (Node's). */
export const HUB_API_VERSION = "2021-04-12";
/** The version of the service API whose shapes are served: the newest that an official SDK asks for. */
export const SERVICE_API_VERSION = "2021-10-01";

const FORM = /^\d{4}-\d{2}-\d{2}(-preview)?$/;
/** Newest version known here: later ones are accepted with one warning, or refused where only known ones are. */
export const NEWEST_API_VERSION = Object.keys(apiVersions).sort().at(-1) ?? "";
/** Last version that predates reprovisioning (wire.md#old-api-versions). */
const BEFORE_REPROVISIONING = "2018-04-01";

/** Verdict on an api-version. */
export type ApiVersionVerdict = "known" | "newer" | "missing" | "malformed";

/**
 * Judges an api-version: every dated version is accepted, but not a missing or malformed version
 * (wire.md#api-versions).
 */
export function judgeApiVersion(version: string | undefined): ApiVersionVerdict {
  if (version === undefined || version === "") return "missing";
  if (!FORM.test(version)) return "malformed";
  return version > NEWEST_API_VERSION ? "newer" : "known";
}

/**
 * True for versions whose clients stay on their first hub when the enrollment has no reprovisionPolicy
 * (wire.md#old-api-versions).
 */
export function predatesReprovisioning(version: string): boolean {
  return version.slice(0, 10) <= BEFORE_REPROVISIONING;
}
