import {
  type AttestationKind,
  allocationPolicies,
  attestationKindNames,
  type EnrollmentKind,
  provisioningStatuses,
} from "@rollcall/protocol";
import type { FlagValue } from "../../options/flag-value.js";
import { reprovisionPolicies } from "../../options/flag-value.js";

/** The command line's names of the two kinds, as in az. */
export const nouns: Readonly<Record<EnrollmentKind, string>> = { individual: "enrollment", group: "enrollment-group" };

/** A flag that stands for a member of an enrollment on the wire (wire.md#individualenrollment). */
export interface EnrollmentFlag {
  /** In commander's notation: both spellings of az, the short one first. */
  readonly flags: string;
  /** Further spellings. */
  readonly also?: readonly string[];
  readonly help: string;
  /** Both kinds when left out. */
  readonly kind?: EnrollmentKind;
  /** Both verbs when left out. */
  readonly verb?: "create" | "update";
  /** The attestation kind that the flag belongs to, and implies. */
  readonly attestation?: AttestationKind;
  /** Accepted in upper and lower case. */
  readonly choices?: readonly string[];
  readonly value: FlagValue;
  /** Path of the member; `{certificates}` stands for the kind's pair in `certificatePairs`. */
  readonly member: string;
  /** Removes the member instead of setting it. */
  readonly removes?: true;
}

/** The member of an X.509 attestation that contains the certificates of `--cp` and `--scp`. */
export const certificatePairs = { individual: "clientCertificates", group: "signingCertificates" } as const;

/** Every flag of `enrollment create|update` and `enrollment-group create|update`, in the order of the help (azure-iot-cli-extension `_params.py`). */
export const enrollmentFlags: readonly EnrollmentFlag[] = [
  {
    flags: "--at, --attestation-type <kind>",
    help: "attestation type (default: implied by the other flags)",
    verb: "create",
    choices: attestationKindNames,
    value: "text",
    member: "attestation.type",
  },
  {
    flags: "--ek, --endorsement-key <base64>",
    help: "tpm: endorsement key; @file reads a file",
    kind: "individual",
    attestation: "tpm",
    value: "endorsementKey",
    member: "attestation.tpm.endorsementKey",
  },
  {
    flags: "--cp, --certificate-path <file>",
    help: "x509: primary certificate (PEM or DER)",
    attestation: "x509",
    value: "certificate",
    member: "attestation.x509.{certificates}.primary",
  },
  {
    flags: "--scp, --secondary-certificate-path <file>",
    help: "x509: secondary certificate",
    attestation: "x509",
    value: "certificate",
    member: "attestation.x509.{certificates}.secondary",
  },
  {
    flags: "--rc, --remove-certificate [true|false]",
    help: "x509: remove the primary certificate; a secondary one stays",
    verb: "update",
    attestation: "x509",
    value: "truth",
    member: "attestation.x509.{certificates}.primary",
    removes: true,
  },
  {
    flags: "--rsc, --remove-secondary-certificate [true|false]",
    help: "x509: remove the secondary certificate",
    verb: "update",
    attestation: "x509",
    value: "truth",
    member: "attestation.x509.{certificates}.secondary",
    removes: true,
  },
  {
    flags: "--cn, --ca-name <name>",
    also: ["--root-ca-name"],
    help: "x509: primary CA certificate, by its name in rollcall certificate list",
    kind: "group",
    attestation: "x509",
    value: "text",
    member: "attestation.x509.caReferences.primary",
  },
  {
    flags: "--scn, --secondary-ca-name <name>",
    also: ["--secondary-root-ca-name"],
    help: "x509: secondary CA certificate, by its name",
    kind: "group",
    attestation: "x509",
    value: "text",
    member: "attestation.x509.caReferences.secondary",
  },
  {
    flags: "--pk, --primary-key <base64>",
    help: "symmetricKey: primary key; without keys the service makes both; @file reads a file",
    attestation: "symmetricKey",
    value: "symmetricKey",
    member: "attestation.symmetricKey.primaryKey",
  },
  {
    flags: "--sk, --secondary-key <base64>",
    help: "symmetricKey: secondary key; a new enrollment needs both keys or neither",
    attestation: "symmetricKey",
    value: "symmetricKey",
    member: "attestation.symmetricKey.secondaryKey",
  },
  {
    flags: "--did, --device-id <id>",
    help: "device id at the hub (default: the registration id)",
    kind: "individual",
    value: "text",
    member: "deviceId",
  },
  {
    flags: "--ps, --provisioning-status <status>",
    help: "whether devices may register",
    choices: provisioningStatuses,
    value: "text",
    member: "provisioningStatus",
  },
  {
    flags: "--ap, --allocation-policy <policy>",
    help: "how the hub is chosen (default: the service's policy)",
    choices: allocationPolicies,
    value: "text",
    member: "allocationPolicy",
  },
  {
    flags: "--ih, --iot-hubs <host...>",
    help: "hubs to choose from, with --ap (default: all linked ones)",
    value: "hubs",
    member: "iotHubs",
  },
  {
    flags: "--hn, --iot-hub-host-name <host>",
    help: "this hub only: the older form of --ap static --ih",
    value: "text",
    member: "iotHubHostName",
  },
  {
    flags: "--wh, --webhook-url <url>",
    help: "custom allocation: URL of the webhook",
    value: "text",
    member: "customAllocationDefinition.webhookUrl",
  },
  {
    flags: "--av, --api-version <version>",
    help: "custom allocation: api-version of the webhook requests; 2018-09-01-preview or later",
    value: "text",
    member: "customAllocationDefinition.apiVersion",
  },
  {
    flags: "--rp, --reprovision-policy <policy>",
    help: "whether a device that registers again may move to another hub, and with which twin",
    choices: Object.keys(reprovisionPolicies),
    value: "reprovisionPolicy",
    member: "reprovisionPolicy",
  },
  {
    flags: "--tags, --initial-twin-tags <json>",
    also: ["--its"],
    help: "tags of the initial twin; @file reads a file; '' clears them",
    value: "json",
    member: "initialTwin.tags",
  },
  {
    flags: "--props, --initial-twin-properties <json>",
    help: "desired properties of the initial twin; @file reads a file; '' clears them",
    value: "json",
    member: "initialTwin.properties.desired",
  },
  {
    flags: "--ee, --edge-enabled [true|false]",
    help: "the device is an IoT Edge device",
    value: "truth",
    member: "capabilities.iotEdge",
  },
  {
    flags: "--info, --device-information <json>",
    help: "notes about the device; @file reads a file",
    kind: "individual",
    value: "json",
    member: "optionalDeviceInformation",
  },
];
