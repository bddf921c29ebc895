import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createPki, x509Group } from "../integration/certificates.js";
import { startService, type TestService } from "../integration/service.js";
import { tpm2Providers } from "./tpm-clients.rows.js";
import { ourBench, type ToolBench, tpm2Openssl } from "./tpm2-tools.js";

/**
 * Registers an X.509 device whose key is in the TPM. OpenSSL does everything in the TPM, even the hashes of TLS: about
 * 400 commands, each delayed by a packet that the kernel holds back, so that this takes about 15 seconds.
 */
async function registerWithHeldKey(bench: ToolBench, service: TestService, id: string): Promise<string> {
  const done = async (line: string): Promise<string> => {
    const { code, stdout, stderr } = await bench.run(line);
    if (code !== 0) throw new Error(`${line}: ${code} ${stderr}`);
    return stdout;
  };
  await done(`openssl genpkey ${tpm2Providers} -algorithm RSA -pkeyopt bits:2048 -out device.key`);
  await done(`openssl req ${tpm2Providers} -new -key device.key -subj /CN=${id} -out device.csr`);
  await done("openssl x509 -req -in device.csr -CA ca.pem -CAkey ca.key -days 30 -out device.crt");
  const { host, port } = service.https;
  const body = JSON.stringify({ registrationId: id });
  const head = [
    `PUT /${service.idScope}/registrations/${id}/register?api-version=2019-03-31 HTTP/1.1`,
    `Host: ${host}`,
    "Connection: close",
    "Content-Type: application/json",
    `Content-Length: ${body.length}`,
  ];
  writeFileSync(join(bench.folder, "request"), `${head.join("\r\n")}\r\n\r\n${body}`);
  const identity = "-cert device.crt -key device.key";
  const trust = `-CAfile '${service.caPath}' -verify_return_error`;
  // TLS 1.3 requires RSA-PSS for an RSA key. s_client ends when the service closes the connection.
  return await done(
    `openssl s_client ${tpm2Providers} -connect ${host}:${port} -tls1_3 ${identity} ${trust} -quiet <request`,
  );
}

describe.skipIf(tpm2Openssl === undefined)(
  `an X.509 device with its key in our TPM${tpm2Openssl === undefined ? " (needs tpm2-openssl: apt-get install tpm2-openssl)" : ""}`,
  () => {
    test("makes a key and a CSR, and its registration is accepted: OpenSSL alone, TLS 1.3", {
      timeout: 120_000,
    }, async () => {
      const pki = await createPki("TPM");
      const bench = await ourBench("held key");
      const seed = { enrollmentGroups: [x509Group("tpm", pki.intermediate)] };
      const service = await startService({ registration: { retryAfter: 0 }, seed });
      try {
        writeFileSync(join(bench.folder, "ca.pem"), pki.intermediate.certificatePem);
        writeFileSync(join(bench.folder, "ca.key"), pki.intermediate.privateKeyPem);
        const answer = await registerWithHeldKey(bench, service, "tpm-held");
        // The key file on disk is useless without this TPM.
        const key = readFileSync(join(bench.folder, "device.key"), "utf8");
        expect(key).toMatch(/^-----BEGIN TSS2 PRIVATE KEY-----/);
        expect(answer).toMatch(/^HTTP\/1\.1 202 /);
        expect(answer).toContain('"status":"assigning"');
        const saved = await service.rollcall.store.registration("tpm-held");
        expect(saved?.result).toMatchObject({ status: "assigned", deviceId: "tpm-held" });
      } finally {
        await service.rollcall.stop();
        await bench.stop();
      }
    });
  },
);
