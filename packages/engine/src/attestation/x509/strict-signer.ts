import { buildPath, type Certificate, checkSelfSigned, unlimitedWork } from "@rollcall/pki";
import { type Finding, finding } from "@rollcall/protocol";
import type { EnrolledBy } from "../judging/attestation.js";
import type { AttestationContext, AttestationRequest } from "../judging/verdict.js";
import { certificatesOf } from "./certificates-of.js";
import { subjects, uploadedAuthorities } from "./explain-missing-group.js";

/**
 * A rule of the HTTPS how-to of 2025 besides the thumbprint of an individual enrollment (wire.md#strict-signer): a leaf
 * that a CA issued requires an uploaded, verified certificate of its chain; a self-signed leaf does not.
 */
export async function checkSigner(
  presented: readonly Certificate[],
  enrollment: EnrolledBy<"x509">,
  request: AttestationRequest,
  context: AttestationContext,
): Promise<readonly Finding[]> {
  const leaf = presented[0];
  if (!leaf) return [];
  // The keys of a chain whose leaf is enrolled are not a stranger's.
  const isEnrolled = certificatesOf(enrollment.attestation).some((each) => each.thumbprint === leaf.sha256);
  const work = isEnrolled ? unlimitedWork : context.proofs.of(request.connection).dear();
  if (checkSelfSigned(leaf, work) === true) return [];
  const { path } = buildPath(presented, { now: new Date(context.now), work });
  const uploaded = await uploadedAuthorities(path, context, work);
  if (uploaded.some(({ record }) => record.isVerified)) return [];
  const unverified = uploaded.map(({ record }) => `${record.name} is uploaded but not verified`);
  return [
    finding("enrollment.signerNotVerified", {
      values: { id: enrollment.registrationId, issuer: leaf.issuer || "(no name)" },
      subject: leaf.issuer,
      expected: "a verified CA certificate of this chain",
      got: unverified.length > 0 ? unverified.join("; ") : `none of ${subjects(path)}`,
    }),
  ];
}
