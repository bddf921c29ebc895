import { type Certificate, CertificateError } from "@rollcall/pki";
import { type Finding, finding, idKey, limits } from "@rollcall/protocol";
import type { AttestationContext, AttestationRequest } from "../judging/verdict.js";

/** The certificates of a handshake, read; empty with findings when there are none that can be used. */
export interface Presented {
  readonly certificates: readonly Certificate[];
  readonly findings: readonly Finding[];
}

function missing(): Finding {
  return finding("certificate.missing", { expected: "a client certificate", got: "none" });
}

/** Reads what the device presented, exactly as it sent it. */
export function readPresented(request: AttestationRequest, context: AttestationContext): Presented {
  const ders = request.connection.presented();
  if (ders.length === 0) return { certificates: [], findings: [missing()] };
  const tooLong = ders.length > limits.chainLength;
  const findings = tooLong
    ? [
        finding("chain.tooLong", {
          values: { count: ders.length },
          expected: `at most ${limits.chainLength} certificates`,
          got: String(ders.length),
        }),
      ]
    : [];
  try {
    return { certificates: ders.slice(0, limits.chainLength).map((der) => context.certificates.read(der)), findings };
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    return {
      certificates: [],
      findings: [...findings, finding("certificate.malformed", { values: { reason: error.message } })],
    };
  }
}

/** The leaf's common name must be the registration id, case aside (wire.md#common-name). */
export function checkCommonName(leaf: Certificate, registrationId: string): readonly Finding[] {
  const commonName = leaf.commonName;
  if (!commonName)
    return [
      finding("leaf.commonNameMissing", {
        values: { registrationId },
        expected: `CN=${registrationId}`,
        got: leaf.subject || "(empty subject)",
      }),
    ];
  if (idKey(commonName) === idKey(registrationId)) return [];
  return [
    finding("leaf.commonNameMismatch", {
      values: { registrationId, commonName, difference: firstDifference(registrationId, commonName) },
      expected: `CN=${registrationId}`,
      got: `CN=${commonName}`,
    }),
  ];
}

function firstDifference(a: string, b: string): string {
  const left = idKey(a);
  const right = idKey(b);
  let position = 0;
  while (position < left.length && left[position] === right[position]) position++;
  return `they differ at position ${position + 1}`;
}

/** The leaf's own dates (wire.md#leaf-validity); what decides for an individual enrollment, where no path is judged. */
export function checkDates(leaf: Certificate, now: number): readonly Finding[] {
  const subject = `leaf: ${leaf.subject}`;
  const got = `valid from ${leaf.notBefore.toISOString()} to ${leaf.notAfter.toISOString()}`;
  const expected = `valid at ${new Date(now).toISOString()}`;
  if (now < leaf.notBefore.getTime()) return [finding("leaf.notYetValid", { subject, expected, got })];
  if (now >= leaf.notAfter.getTime()) return [finding("leaf.expired", { subject, expected, got })];
  return [];
}
