import { type Certificate, certificateInfo } from "@rollcall/pki";
import { type Finding, finding, idKey } from "@rollcall/protocol";
import { subjectKey } from "../../records/subject-key.js";
import type { Attestation } from "../judging/attestation.js";
import { hubIdentityAccess } from "../judging/hub-identity.js";
import type { AttestationContext, AttestationRequest, Verdict } from "../judging/verdict.js";
import { certificatesOf } from "./certificates-of.js";
import { checkRecord } from "./check-record.js";
import { readPresented } from "./presented-chain.js";
import { read, refuse } from "./read-x509.js";
import { wireX509 } from "./wire-certificates.js";
import { groupByChain } from "./x509-group.js";
import { individual } from "./x509-individual.js";

const distinct = (values: readonly string[]): readonly string[] => [...new Set(values)];

/** X.509 (wire.md#x509): an individual enrollment knows the leaf, a group a CA above it. */
export const x509: Attestation<"x509"> = {
  judges: ["x509", "nothing"],
  individual,
  group,
  refuse,
  read,
  wire: (record) => ({ type: "x509", x509: wireX509(record) }),
  isSlowToShow: true,
  checkRecord,
  lookUps(record) {
    const certificates = certificatesOf(record);
    return [
      ...distinct(certificates.map(({ thumbprint }) => thumbprint)).map((value) => ({
        by: "certificate" as const,
        value,
      })),
      ...distinct(certificates.flatMap(({ subject }) => (subject === undefined ? [] : subjectKey(subject)))).map(
        (value) => ({
          by: "subject" as const,
          value,
        }),
      ),
    ];
  },
  namedAuthorities({ x509: source }) {
    const { primary, secondary } = source?.caReferences ?? {};
    return [primary, secondary].flatMap((name) => name || []);
  },
  references(record) {
    if (record.holds !== "caReferences") return [];
    const { primaryName, primary, secondaryName, secondary } = record;
    return [
      ...(primaryName !== undefined && primary ? [{ name: primaryName, thumbprint: primary.thumbprint }] : []),
      ...(secondaryName !== undefined && secondary ? [{ name: secondaryName, thumbprint: secondary.thumbprint }] : []),
    ];
  },
  finish: {
    hubAccess: hubIdentityAccess,
    resultMember: () => ({ x509: {} }),
    runtimeMember(request, _proof, certificates) {
      const [leaf] = request.connection.presented();
      // The documentation calls it "certificate details"; the members are those of the service API.
      return { x509: leaf ? { certificateInfo: { ...certificateInfo(certificates.read(leaf)) } } : {} };
    },
  },
};

async function group(request: AttestationRequest, context: AttestationContext): Promise<Verdict> {
  await context.proofs.of(request.connection).turn();
  const { certificates, findings } = readPresented(request, context);
  const leaf = certificates[0];
  if (!leaf) return { findings, attestation: "x509" };
  const blocked = await checkBlocked(leaf, request, context);
  return groupByChain(request, context, certificates, [...findings, ...blocked]);
}

/** A disabled individual enrollment with this leaf blocks it under every id (wire.md#blocked-leaf). */
async function checkBlocked(
  leaf: Certificate,
  request: AttestationRequest,
  context: AttestationContext,
): Promise<readonly Finding[]> {
  const holders = await context.store.enrollmentsByLeaf(leaf.sha256);
  return holders
    .filter(
      (holder) =>
        holder.provisioningStatus === "disabled" && idKey(holder.registrationId) !== idKey(request.registrationId),
    )
    .map((holder) =>
      finding("enrollment.leafBlocked", {
        values: { id: holder.registrationId },
        subject: `leaf: ${leaf.subject}`,
        expected: "a certificate that no disabled enrollment has",
        got: leaf.sha256,
      }),
    );
}
