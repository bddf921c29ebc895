import type { Certificate } from "@rollcall/pki";
import { type Finding, finding, idKey } from "@rollcall/protocol";
import type { Presented } from "../judging/connection-proofs.js";
import type { AttestationContext, AttestationRequest } from "../judging/verdict.js";

/** Reads the certificates that the device presented, exactly as it sent them; once for each connection. */
export function readPresented(request: AttestationRequest, context: AttestationContext): Presented {
  return context.proofs.of(request.connection).presented;
}

/** The leaf's common name must be the registration id, without case (wire.md#common-name). */
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

/** Checks the leaf's own dates (wire.md#leaf-validity), for an individual enrollment, where no path is judged. */
export function checkDates(leaf: Certificate, now: number): readonly Finding[] {
  const subject = `leaf: ${leaf.subject}`;
  const got = `valid from ${leaf.notBefore.toISOString()} to ${leaf.notAfter.toISOString()}`;
  const expected = `valid at ${new Date(now).toISOString()}`;
  if (now < leaf.notBefore.getTime()) return [finding("leaf.notYetValid", { subject, expected, got })];
  if (now >= leaf.notAfter.getTime()) return [finding("leaf.expired", { subject, expected, got })];
  return [];
}
