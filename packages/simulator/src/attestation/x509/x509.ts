import { limits } from "@rollcall/protocol";
import type { FleetCredentials, FleetFiles, FleetMember } from "../proving/fleet-types.js";
import type { Proving } from "../proving/proving.js";
import { deriveCertificates, fileNames } from "./certificate-files.js";

/** A certificate of the device, presented in the TLS handshake. */
export const x509: Proving<"x509"> = {
  handshake: ({ certificatePem, keyPem }) => ({ cert: certificatePem, key: keyPem }),
  isGroupEnrolled: ({ enrolled }) => enrolled !== "individual",
  faults: ({ enrolled }) => possibleFaults[enrolled],
  idLimit: { length: limits.commonNameLength, why: "a certificate's common name has at most 64" },
  authority: ({ enrolled, ca }) => (enrolled === "individual" ? undefined : (ca ?? "")),
  deriveFiles: deriveCertificates,
  supplier:
    ({ files }) =>
    (device) =>
      credentials(device, files),
  mechanism: (enrolled) => ({
    type: "x509",
    x509:
      "signingCertificatePem" in enrolled
        ? { signingCertificates: pair(enrolled.signingCertificatePem) }
        : { clientCertificates: pair(enrolled.clientCertificatePem) },
  }),
};

const possibleFaults = {
  root: ["omitIntermediate"],
  intermediate: [],
  individual: ["wrongThumbprint"],
} as const;

function credentials(
  { registrationId, attestation, fault }: FleetMember<"x509">,
  files: FleetFiles,
): FleetCredentials<"x509"> {
  const chainPem = textOf(files, fileNames.chain(registrationId));
  const certificatePem = fault === "omitIntermediate" ? firstCertificate(chainPem) : chainPem;
  const identity = { kind: "x509", certificatePem, keyPem: textOf(files, fileNames.key(registrationId)) } as const;
  if (attestation.enrolled === "individual") {
    const decoy = files.get(fileNames.enrolled(registrationId));
    return { identity, enrolled: { type: "x509", clientCertificatePem: decoy ?? firstCertificate(chainPem) } };
  }
  const signing = attestation.enrolled === "root" ? fileNames.root : fileNames.intermediate;
  return { identity, enrolled: { type: "x509", signingCertificatePem: textOf(files, signing(attestation.ca)) } };
}

const endOfCertificate = "-----END CERTIFICATE-----\n";
const firstCertificate = (pem: string): string => pem.slice(0, pem.indexOf(endOfCertificate) + endOfCertificate.length);

function textOf(files: FleetFiles, name: string): string {
  const text = files.get(name);
  if (text === undefined) throw new Error(`the fleet's files lack ${name}`);
  return text;
}

/** base64 of the DER, the form that every service accepts. */
function pair(pem: string) {
  return { primary: { certificate: pem.replace(/-----[A-Z ]+-----|\s/g, "") } };
}
