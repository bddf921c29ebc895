import { createSecureContext } from "node:tls";
import { issueIntermediate, issueLeaf, issueRoot, issueServerCertificate } from "@rollcall/pki";

const BASE = { notBefore: new Date(Date.now() - 3_600_000), days: 30 };

/** The certificate of the bare server: like the service's, issued by a CA of its own. */
export async function serverIdentity() {
  const parent = await issueRoot({ ...BASE, commonName: "Bench Server Root" });
  return issueServerCertificate({ ...BASE, commonName: "127.0.0.1", hosts: ["127.0.0.1", "localhost"], parent });
}

/** A root to enroll, and devices under its intermediate, each with a TLS context that is created once. */
export async function x509Fleet(count) {
  const root = await issueRoot({ ...BASE, commonName: "Bench Root" });
  const intermediate = await issueIntermediate({ ...BASE, commonName: "Bench CA", parent: root });
  const devices = [];
  for (let index = 0; index < count; index++) {
    const registrationId = `bench-${String(index).padStart(4, "0")}`;
    const leaf = await issueLeaf({ ...BASE, commonName: registrationId, parent: intermediate });
    // Sends leaf and intermediate. Does not verify the server, since the client's cost is not measured.
    const secureContext = createSecureContext({ cert: leaf.chainPem, key: leaf.privateKeyPem, ca: [] });
    devices.push({ registrationId, secureContext });
  }
  const seed = {
    enrollmentGroups: [
      {
        enrollmentGroupId: "bench",
        attestation: {
          type: "x509",
          x509: { signingCertificates: { primary: { certificate: root.certificate.der.toString("base64") } } },
        },
        initialTwin: { tags: { site: "bench" }, properties: { desired: { interval: 5 } } },
      },
    ],
  };
  return { devices, seed };
}
