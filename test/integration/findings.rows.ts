import { randomBytes } from "node:crypto";
import { issueLeaf } from "@rollcall/pki";
import type { Blame, EnrollmentGroupInput, FindingCode, IndividualEnrollmentInput } from "@rollcall/protocol";
import { createTpm } from "tpm-js-sim";
import { TpmClient } from "tpm-js-sim/client";
import { certificateText, createPki, leafOnly, x509Group, x509Individual } from "./certificates.js";
import { deviceToken, groupDeviceKey, type TokenOptions, tokenStyles } from "./device-tokens.js";
import type { Presented } from "./sockets.js";

/** Credentials of a row's device. */
export type Credentials =
  | { readonly kind: "x509"; readonly presented: Presented }
  | { readonly kind: "token"; readonly token: (idScope: string) => string }
  | { readonly kind: "tpm"; readonly member: TpmMember; readonly token?: (idScope: string) => string };

export interface TpmMember {
  readonly endorsementKey: string;
  readonly storageRootKey: string;
}

/** A device that makes a known mistake, the expected answer on the wire, and the expected attempt. */
export interface FindingRowCase {
  /** Number of the cause in failure-causes.md. */
  readonly cause: number;
  readonly name: string;
  readonly registrationId: string;
  readonly credentials: Credentials;
  /** The ID scope, if it is not the service's. */
  readonly idScope?: string;
  /** Over MQTT the CONNECT is refused with this; without it the register request is answered as over HTTPS. */
  readonly connack?: 4 | 5;
  readonly status: number;
  /** Absent in acceptances, and in the 401 of a TPM challenge, which is not a refusal. */
  readonly errorCode?: number;
  readonly code: FindingCode;
  readonly blame: Blame;
  readonly expected: RegExp;
  readonly got: RegExp;
  readonly nearest?: RegExp;
  /** Texts that the record must not contain. */
  readonly secrets?: readonly string[];
  readonly over?: "http";
  readonly enrollments?: readonly IndividualEnrollmentInput[];
  readonly groups?: readonly EnrollmentGroupInput[];
}

const key = () => randomBytes(32).toString("base64");

function symmetricIndividual(registrationId: string, primaryKey: string): IndividualEnrollmentInput {
  const symmetricKey = { primaryKey, secondaryKey: key() };
  return { registrationId, attestation: { type: "symmetricKey", symmetricKey } };
}

function symmetricGroup(enrollmentGroupId: string, primaryKey: string): EnrollmentGroupInput {
  const symmetricKey = { primaryKey, secondaryKey: key() };
  return { enrollmentGroupId, attestation: { type: "symmetricKey", symmetricKey } };
}

/** Answers of a service with `apiVersions: known-only` to each api-version. */
export const knownOnlyRows = [
  { apiVersion: "2099-01-01", code: "protocol.apiVersionUnknown", got: "2099-01-01" },
  { apiVersion: "2099-01-01-preview", code: "protocol.apiVersionUnknown", got: "2099-01-01-preview" },
  { apiVersion: "v1", code: "protocol.apiVersionMalformed", got: "v1" },
  { apiVersion: "2025-07-01-preview", code: undefined, got: undefined },
  { apiVersion: "2019-03-31", code: undefined, got: undefined },
] as const satisfies readonly {
  readonly apiVersion: string;
  readonly code: FindingCode | undefined;
  readonly got: string | undefined;
}[];

type TokenMaker = Omit<TokenOptions, "idScope">;
const token = (options: TokenMaker): Credentials => ({
  kind: "token",
  token: (idScope) => deviceToken({ idScope, ...options }),
});

const now = () => Math.floor(Date.now() / 1000);
const hex64 = /\b[0-9A-F]{64}\b/;
const anything = /\S/;

async function x509Rows(): Promise<FindingRowCase[]> {
  const line = await createPki("Line 3");
  const stranger = await createPki("Stranger");
  const enrolled = await createPki("Line 5");
  const group = x509Group("line3", line.root);
  const x509 = (presented: Presented): Credentials => ({ kind: "x509", presented });

  const forgetful = await line.leaf("f01-forgetful");
  const complete = await stranger.leaf("f03-complete");
  const completeChain = complete.chainPem + stranger.root.certificatePem;
  const old = await line.leaf("f04-reissued");
  const reissued = await issueLeaf({ commonName: "f04-reissued", parent: line.intermediate, key: old.privateKey });
  const other = await issueLeaf({ commonName: "f04-other" });
  const otherNow = await issueLeaf({ commonName: "f04-other" });
  const misnamed = await line.leaf("f05-dev07");
  const illegal = await line.leaf("f06-dev!7");
  const unknown = await issueLeaf({ commonName: "f15-dev07" });
  const nearby = await line.leaf("f15-dev7");
  const disabled = await line.leaf("f16-off");
  const disabledGroup = await enrolled.leaf("f16-in-group");
  const blocked = await line.leaf("f16-blocked");
  const sha1 = await line.leaf("f22-sha1");
  const wrongOne = await line.leaf("f22-intermediate");

  const refused = { status: 401, errorCode: 401002 } as const;
  return [
    {
      ...refused,
      cause: 1,
      name: "leaf without its intermediate",
      registrationId: "f01-forgetful",
      credentials: x509(leafOnly(forgetful)),
      groups: [group],
      code: "chain.issuerMissing",
      blame: "device",
      expected: /line3 trusts CN=Line 3 Root/,
      got: /CN=f01-forgetful/,
      nearest: /group line3/,
      secrets: [forgetful.privateKeyPem],
    },
    {
      ...refused,
      cause: 3,
      name: "a complete chain to a root that no group has",
      registrationId: "f03-complete",
      credentials: x509({ chainPem: completeChain, privateKeyPem: complete.privateKeyPem }),
      code: "chain.untrusted",
      blame: "enrollment",
      expected: /group line3/,
      got: /CN=Stranger Root/,
      nearest: /group line3 trusts CN=Line 3 Root/,
    },
    {
      ...refused,
      cause: 4,
      name: "a certificate issued again, same key",
      registrationId: "f04-reissued",
      credentials: x509(reissued),
      enrollments: [x509Individual("f04-reissued", old)],
      code: "leaf.thumbprintMismatch",
      blame: "device",
      expected: new RegExp(`primary ${old.certificate.sha256}`),
      got: new RegExp(reissued.certificate.sha256),
    },
    {
      ...refused,
      cause: 4,
      name: "another self-signed certificate",
      registrationId: "f04-other",
      credentials: x509(otherNow),
      enrollments: [x509Individual("f04-other", other)],
      code: "leaf.thumbprintMismatch",
      blame: "device",
      expected: hex64,
      got: hex64,
    },
    {
      ...refused,
      cause: 5,
      name: "registration id and common name differ",
      registrationId: "f05-dev7",
      credentials: x509(misnamed),
      code: "leaf.commonNameMismatch",
      blame: "device",
      expected: /CN=f05-dev7/,
      got: /CN=f05-dev07/,
    },
    {
      cause: 6,
      name: "an illegal character in the registration id",
      status: 400,
      errorCode: 400004,
      registrationId: "f06-dev!7",
      credentials: x509(illegal),
      code: "id.illegal",
      blame: "device",
      expected: anything,
      got: /f06-dev!7/,
    },
    {
      ...refused,
      cause: 15,
      name: "no enrollment for this id",
      registrationId: "f15-dev07",
      credentials: x509(unknown),
      enrollments: [x509Individual("f15-dev7", nearby)],
      code: "enrollment.notFound",
      blame: "enrollment",
      expected: anything,
      got: /f15-dev07/,
      nearest: /f15-dev7/,
    },
    {
      ...refused,
      cause: 16,
      name: "a disabled individual enrollment, where a group would accept",
      registrationId: "f16-off",
      credentials: x509(disabled),
      enrollments: [{ ...x509Individual("f16-off", disabled), provisioningStatus: "disabled" }],
      code: "enrollment.disabled",
      blame: "enrollment",
      expected: /enabled/,
      got: /disabled/,
      nearest: /line3/,
    },
    {
      ...refused,
      cause: 16,
      name: "a disabled group",
      registrationId: "f16-in-group",
      credentials: x509(disabledGroup),
      groups: [{ ...x509Group("line5", enrolled.root), provisioningStatus: "disabled" }],
      code: "group.disabled",
      blame: "enrollment",
      expected: /enabled/,
      got: /disabled/,
    },
    {
      ...refused,
      cause: 16,
      name: "the leaf of a disabled enrollment, under another id",
      registrationId: "f16-blocked",
      credentials: x509(blocked),
      enrollments: [{ ...x509Individual("f16-holder", blocked), provisioningStatus: "disabled" }],
      code: "enrollment.leafBlocked",
      blame: "enrollment",
      expected: anything,
      got: anything,
    },
    {
      ...refused,
      cause: 22,
      name: "an enrolled thumbprint that is SHA-1",
      registrationId: "f22-sha1",
      credentials: x509(sha1),
      enrollments: [
        {
          registrationId: "f22-sha1",
          attestation: {
            type: "x509",
            x509: { clientCertificates: { primary: { info: { sha256Thumbprint: sha1.certificate.sha1 } } } },
          },
        } as IndividualEnrollmentInput,
      ],
      code: "enrollment.thumbprintIsSha1",
      blame: "enrollment",
      expected: new RegExp(sha1.certificate.sha256),
      got: new RegExp(sha1.certificate.sha1),
    },
    {
      ...refused,
      cause: 22,
      name: "the intermediate enrolled in place of the leaf",
      registrationId: "f22-intermediate",
      credentials: x509(wrongOne),
      enrollments: [
        {
          registrationId: "f22-intermediate",
          attestation: {
            type: "x509",
            x509: { clientCertificates: { primary: { certificate: certificateText(line.intermediate) } } },
          },
        } as IndividualEnrollmentInput,
      ],
      code: "enrollment.holdsOtherCertificate",
      blame: "enrollment",
      expected: new RegExp(wrongOne.certificate.sha256),
      got: new RegExp(line.intermediate.certificate.sha256),
    },
  ];
}

function tokenRows(): FindingRowCase[] {
  const groupKey = key();
  const individualKey = key();
  const stranger = key();
  const groups = [symmetricGroup("keys", groupKey)];
  const refused = { status: 401, errorCode: 401002, connack: 5, blame: "device", groups } as const;
  const derived = (id: string) => groupDeviceKey(groupKey, id);
  /** A device of the group that does everything right except `change`. */
  const member = (registrationId: string, change: Partial<TokenMaker> = {}) => ({
    registrationId,
    credentials: token({ registrationId, key: derived(registrationId), ...change }),
    secrets: [groupKey, derived(registrationId), ...(change.key === undefined ? [] : [change.key])],
  });
  const individual = (registrationId: string, change: Partial<TokenMaker> = {}) => ({
    registrationId,
    credentials: token({ registrationId, key: individualKey, ...change }),
    enrollments: [symmetricIndividual(registrationId, individualKey)],
    secrets: [individualKey, ...(change.key === undefined ? [] : [change.key])],
  });
  const rows: FindingRowCase[] = [
    {
      ...refused,
      ...member("f07-raw", { key: groupKey }),
      cause: 7,
      name: "the group key used without derivation",
      code: "key.groupKeyUsedRaw",
      expected: anything,
      got: anything,
    },
    {
      ...refused,
      ...member("f07-twice", { key: groupDeviceKey(derived("f07-twice"), "f07-twice") }),
      cause: 7,
      name: "a key derived twice",
      code: "key.derivedTwice",
      expected: anything,
      got: anything,
    },
    {
      ...refused,
      ...member("f07-case", { key: derived("F07-CASE") }),
      cause: 7,
      name: "a key derived from the id in upper case",
      code: "key.derivedFromOtherText",
      expected: /f07-case/,
      got: /F07-CASE/,
    },
    {
      ...refused,
      ...member("f07-text", { key: Buffer.from(derived("f07-text")).toString("base64") }),
      cause: 7,
      name: "the base64 text of a key used as the key",
      code: "key.textNotDecoded",
      expected: anything,
      got: anything,
    },
    {
      ...refused,
      ...individual("f07-individual", { key: groupDeviceKey(individualKey, "f07-individual") }),
      cause: 7,
      name: "a key derived from an individual enrollment's",
      code: "key.derivedFromIndividual",
      expected: anything,
      got: anything,
    },
    {
      ...refused,
      ...individual("f07-wrong", { key: stranger }),
      cause: 7,
      name: "an unrelated key",
      code: "key.signatureMismatch",
      expected: anything,
      got: anything,
    },
    {
      ...refused,
      ...member("f08-expired", { expiry: now() - 7200 }),
      cause: 8,
      name: "an expired token",
      code: "token.expired",
      expected: /se after/,
      got: /\d{4}-/,
    },
    {
      ...refused,
      ...member("f08-milliseconds", { expiry: Date.now() + 3_600_000 }),
      cause: 8,
      name: "se in milliseconds",
      code: "token.expiryInMilliseconds",
      expected: /seconds/,
      got: /^\d{13}$/,
    },
    {
      ...refused,
      ...member("f08-resource", {
        style: { ...tokenStyles.N, resource: () => "0neElsewhere/registrations/f08-resource" },
      }),
      cause: 8,
      name: "sr of another scope",
      code: "token.resourceMismatch",
      expected: /registrations\/f08-resource/,
      got: /0neElsewhere/,
    },
    {
      ...refused,
      ...member("f08-twice-encoded", {
        style: { ...tokenStyles.P, resource: (text) => encodeURIComponent(encodeURIComponent(text)) },
      }),
      cause: 8,
      name: "sr encoded twice",
      code: "token.resourceMismatch",
      expected: /registrations\/f08-twice-encoded/,
      got: /%252F/,
    },
    {
      ...refused,
      ...member("f08-malformed"),
      credentials: { kind: "token", token: () => "SharedAccessSignature sr=x&se=1" },
      cause: 8,
      name: "a token without a signature",
      connack: 4,
      code: "token.malformed",
      expected: /SharedAccessSignature sr=/,
      got: anything,
    },
    {
      ...refused,
      ...member("f08-base64url"),
      credentials: {
        kind: "token",
        token: (idScope) =>
          deviceToken({ idScope, registrationId: "f08-base64url", key: groupKey }).replace(/sig=[^&]+/, "sig=Zm9v_w"),
      },
      cause: 8,
      name: "a signature that is not base64 of 32 bytes",
      connack: 4,
      code: "token.malformed",
      expected: /SharedAccessSignature sr=/,
      got: anything,
    },
    {
      ...refused,
      ...individual("f16-key", {}),
      enrollments: [{ ...symmetricIndividual("f16-key", individualKey), provisioningStatus: "disabled" }],
      cause: 16,
      name: "a disabled enrollment and a valid token",
      code: "enrollment.disabled",
      blame: "enrollment",
      expected: /enabled/,
      got: /disabled/,
    },
    {
      ...refused,
      registrationId: "f15-nobody",
      credentials: token({ registrationId: "f15-nobody", key: stranger }),
      enrollments: [symmetricIndividual("f15-nobody2", individualKey)],
      cause: 15,
      name: "a token for an id without an enrollment",
      code: "enrollment.notFound",
      blame: "enrollment",
      expected: anything,
      got: /f15-nobody/,
      nearest: /f15-nobody2/,
      secrets: [stranger],
    },
    {
      ...refused,
      ...member("f15-scope"),
      idScope: "0neSomewhereElse",
      cause: 15,
      name: "another service's ID scope",
      code: "idScope.mismatch",
      expected: anything,
      got: /0neSomewhereElse/,
    },
  ];
  // These are decided before a key is checked, or answered after the CONNACK: wire.md#connack.
  return rows.map((row) => {
    const late =
      row.code === "enrollment.notFound" || row.code === "enrollment.disabled" || row.code === "idScope.mismatch";
    if (!late) return row;
    const { connack: _, ...rest } = row;
    return rest;
  });
}

function tpmRows(): FindingRowCase[] {
  const device = (seed: string) => {
    const client = new TpmClient(createTpm({ seed: Buffer.from(seed) }).send);
    return {
      member: {
        endorsementKey: client.endorsementKey().toString("base64"),
        storageRootKey: client.storageRootKey().toString("base64"),
      },
    };
  };
  const one = device("board one").member;
  const two = device("board two").member;
  const three = device("board three").member;
  const spare = device("board nobody knows").member;
  const enroll = (registrationId: string, member: TpmMember): IndividualEnrollmentInput => ({
    registrationId,
    attestation: { type: "tpm", tpm: { endorsementKey: member.endorsementKey } },
  });
  const sign = (registrationId: string) => (idScope: string) =>
    deviceToken({ idScope, registrationId, key: key(), style: tokenStyles.C });
  const refused = { status: 400, errorCode: 400004, blame: "device" } as const;
  const broken = Buffer.from(three.endorsementKey, "base64");
  // The symmetric algorithm: no endorsement key of the TCG's templates has this.
  broken[46] = 0x77;
  return [
    {
      ...refused,
      cause: 10,
      name: "boards swapped: the endorsement key of another registration",
      registrationId: "f10-one",
      credentials: { kind: "tpm", member: two },
      enrollments: [enroll("f10-one", one), enroll("f10-two", two)],
      code: "tpm.endorsementKeyEnrolledElsewhere",
      expected: /SHA-256/,
      got: /SHA-256/,
      nearest: /f10-two/,
    },
    {
      ...refused,
      cause: 10,
      name: "an endorsement key without an enrollment",
      registrationId: "f10-two",
      credentials: { kind: "tpm", member: spare },
      code: "tpm.endorsementKeyMismatch",
      expected: /SHA-256/,
      got: /SHA-256/,
    },
    {
      ...refused,
      cause: 10,
      name: "an invalid endorsement key",
      registrationId: "f10-two",
      credentials: { kind: "tpm", member: { ...two, endorsementKey: broken.toString("base64") } },
      code: "tpm.endorsementKeyInvalid",
      expected: anything,
      got: anything,
    },
    {
      ...refused,
      cause: 11,
      name: "a token that was not signed with the key of the challenge",
      status: 401,
      errorCode: 401002,
      connack: 5,
      registrationId: "f11-wrong",
      credentials: { kind: "tpm", member: one, token: sign("f11-wrong") },
      enrollments: [enroll("f11-wrong", one)],
      code: "tpm.wrongChallengeKey",
      expected: anything,
      got: anything,
      over: "http",
    },
    {
      cause: 11,
      name: "the challenge itself: step 1 of 2",
      blame: "device",
      status: 401,
      registrationId: "f11-first",
      credentials: { kind: "tpm", member: three },
      enrollments: [enroll("f11-first", three)],
      code: "tpm.challengeIssued",
      expected: anything,
      got: anything,
    },
  ];
}

/** Every case, with new keys, certificates and TPMs for each run. */
export async function findingCases(): Promise<readonly FindingRowCase[]> {
  return [...(await x509Rows()), ...tokenRows(), ...tpmRows()];
}
