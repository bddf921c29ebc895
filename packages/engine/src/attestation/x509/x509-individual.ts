import { type Certificate, isIssuedBy } from "@rollcall/pki";
import { type Finding, finding } from "@rollcall/protocol";
import type { EnrolledCertificate } from "../../records/attestation-record.js";
import type { IndividualRecord } from "../../records/records.js";
import type { EnrolledBy } from "../judging/attestation.js";
import type { AttestationContext, AttestationRequest, Verdict } from "../judging/verdict.js";
import { certificatesOf } from "./certificates-of.js";
import { checkCommonName, checkDates, readPresented } from "./presented-chain.js";
import { checkSigner } from "./strict-signer.js";
import { individualByChain } from "./x509-group.js";

/** An individual enrollment knows the leaf, or the CA to which it refers (wire.md#x509). */
export async function individual(
  request: AttestationRequest,
  enrollment: EnrolledBy<"x509">,
  context: AttestationContext,
): Promise<Verdict> {
  const base = { enrollment, attestation: "x509" as const };
  const held = enrollment.attestation;
  await context.proofs.of(request.connection).turn();
  const { certificates, findings } = readPresented(request, context);
  const leaf = certificates[0];
  if (!leaf) return { ...base, findings };
  if (held.holds === "caReferences") return individualByChain(request, enrollment, context, certificates, findings);
  const enrolled = certificatesOf(held);
  const checks = [
    ...checkCommonName(leaf, request.registrationId),
    ...checkDates(leaf, context.now),
    ...checkThumbprint(certificates, enrolled, enrollment, context),
    ...(context.strictX509 ? await checkSigner(certificates, enrollment, request, context) : []),
  ];
  const all = [...findings, ...checks];
  if (all.some((each) => each.severity === "error")) return { ...base, findings: all };
  const authentication = { type: "selfSigned" as const, thumbprints: [leaf.sha256] };
  const deviceId = enrollment.deviceId ?? enrollment.registrationId;
  return { ...base, findings: all, proof: { kind: "hubIdentity", authentication, deviceId } };
}

function checkThumbprint(
  presented: readonly Certificate[],
  enrolled: readonly EnrolledCertificate[],
  enrollment: IndividualRecord,
  context: AttestationContext,
): readonly Finding[] {
  const leaf = presented[0];
  if (!leaf || enrolled.some((each) => each.thumbprint === leaf.sha256)) return [];
  const id = enrollment.registrationId;
  const sha1 = enrolled.find((each) => each.thumbprint.length === 40);
  if (sha1) {
    const same =
      sha1.thumbprint === leaf.sha1
        ? "the SHA-1 of the leaf that the device sent"
        : "not even the SHA-1 of the leaf that the device sent";
    return [
      finding("enrollment.thumbprintIsSha1", {
        values: { id },
        expected: `SHA-256 ${leaf.sha256}`,
        got: `${sha1.thumbprint} (${same})`,
      }),
    ];
  }
  const other = presented.findIndex(
    (certificate, index) => index > 0 && enrolled.some((each) => each.thumbprint === certificate.sha256),
  );
  const otherCertificate = presented[other];
  if (otherCertificate) {
    const values = {
      id,
      subject: otherCertificate.subject,
      place: `number ${other + 1} of its chain`,
      leaf: leaf.subject,
    };
    return [
      finding("enrollment.holdsOtherCertificate", { values, expected: leaf.sha256, got: otherCertificate.sha256 }),
    ];
  }
  return [thumbprintMismatch([leaf, ...presented.slice(1)], enrolled, id, context)];
}

function thumbprintMismatch(
  presented: readonly [Certificate, ...Certificate[]],
  enrolled: readonly EnrolledCertificate[],
  id: string,
  context: AttestationContext,
): Finding {
  const [leaf] = presented;
  const known = enrolled.flatMap((each) =>
    each.der ? [context.certificates.read(Buffer.from(each.der, "base64"))] : [],
  );
  const sameKey = known.some((each) => each.publicKeySha256 === leaf.publicKeySha256);
  const sameSubject = known.some((each) => each.subject === leaf.subject);
  const issued = leaf.notBefore.toISOString().slice(0, 10);
  const other = sameSubject ? `It looks re-issued on ${issued}.` : "It looks like another device's certificate.";
  const hint = authorityHint(presented, known) ?? other;
  const unknown = "unknown, only a thumbprint is enrolled";
  const yesNo = (answer: boolean) => (known.length === 0 ? unknown : answer ? "yes" : "no");
  const names = ["primary", "secondary"];
  return finding("leaf.thumbprintMismatch", {
    values: { id, sameKey: yesNo(sameKey), sameSubject: yesNo(sameSubject), hint: known.length === 0 ? "" : hint },
    subject: `leaf: ${leaf.subject}`,
    expected: enrolled.map((each, index) => `${names[index]} ${each.thumbprint}`).join(", "),
    got: leaf.sha256,
  });
}

/** That a CA is enrolled where a device's own certificate belongs: the CA of the chain that was just sent. */
function authorityHint(presented: readonly Certificate[], known: readonly Certificate[]): string | undefined {
  const authority = known.find((each) => each.isCa && presented.some((child) => isIssuedBy(child, each)));
  if (!authority) return undefined;
  return `The enrolled certificate is the CA ${JSON.stringify(authority.subject)} of the chain that the device sent: an enrollment group with it was meant, which takes every device that it signs.`;
}
