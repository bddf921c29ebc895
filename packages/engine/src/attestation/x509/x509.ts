import type { Certificate } from "@rollcall/pki";
import { type Finding, finding, idKey } from "@rollcall/protocol";
import { certificatesOf, type EnrolledCertificate } from "../../records/attestation-record.js";
import type { IndividualRecord } from "../../records/ports.js";
import { checkSigner } from "../symmetric-key/strict-signer.js";
import type { Attestation, AttestationContext, AttestationRequest } from "../verdict.js";
import { checkCommonName, checkDates, readPresented } from "./presented-chain.js";
import { groupByChain, individualByChain } from "./x509-group.js";

/** X.509 (wire.md#x509): an individual enrollment knows the leaf, a group a CA above it. */
export const x509: Attestation = {
  async individual(request, enrollment, context) {
    const base = { enrollment, attestation: "x509" as const };
    const held = enrollment.attestation;
    const { certificates, findings } = readPresented(request, context);
    const leaf = certificates[0];
    if (!leaf || held.type !== "x509") return { ...base, findings };
    if (held.holds === "caReferences") return individualByChain(request, enrollment, context, certificates, findings);
    const enrolled = certificatesOf(held);
    const checks = [
      ...checkCommonName(leaf, request.registrationId),
      ...checkDates(leaf, context.now),
      ...checkThumbprint(certificates, enrolled, enrollment, context),
      ...(context.strictX509 ? await checkSigner(certificates, enrollment, context) : []),
    ];
    const all = [...findings, ...checks];
    const [primary, secondary] = enrolled;
    if (!primary || all.some((each) => each.severity === "error")) return { ...base, findings: all };
    // A secondary one that is alone is the hub's primary: a hub's device has no second thumbprint without a first.
    const authentication = {
      type: "x509Thumbprint" as const,
      primary: primary.thumbprint,
      ...(secondary && { secondary: secondary.thumbprint }),
    };
    const deviceId = enrollment.deviceId ?? enrollment.registrationId;
    return { ...base, findings: all, proof: { kind: "hubIdentity", authentication, deviceId } };
  },

  async group(request, context) {
    const { certificates, findings } = readPresented(request, context);
    const leaf = certificates[0];
    if (!leaf) return { findings, attestation: "x509" };
    const blocked = await checkBlocked(leaf, request, context);
    return groupByChain(request, context, certificates, [...findings, ...blocked]);
  },
};

/** A disabled individual enrollment that holds this leaf blocks it under every id (wire.md#blocked-leaf). */
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
        expected: "a certificate that no disabled enrollment holds",
        got: leaf.sha256,
      }),
    );
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
      sha1.thumbprint === leaf.sha1 ? "the SHA-1 of the leaf that came" : "not even the SHA-1 of the leaf that came";
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
  return [thumbprintMismatch(leaf, enrolled, id, context)];
}

function thumbprintMismatch(
  leaf: Certificate,
  enrolled: readonly EnrolledCertificate[],
  id: string,
  context: AttestationContext,
): Finding {
  const known = enrolled.flatMap((each) =>
    each.der ? [context.certificates.read(Buffer.from(each.der, "base64"))] : [],
  );
  const sameKey = known.some((each) => each.publicKeySha256 === leaf.publicKeySha256);
  const sameSubject = known.some((each) => each.subject === leaf.subject);
  const issued = leaf.notBefore.toISOString().slice(0, 10);
  const hint = sameSubject ? `It looks re-issued on ${issued}.` : "It looks like another device's certificate.";
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
