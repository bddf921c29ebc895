import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { issueIntermediate, issueLeaf, issueRoot } from "./issue.js";
import { parseCertificates } from "./pem.js";
import { ChainOrderError, readPresentedIdentity } from "./presented-identity.js";
import { PassphraseError } from "./private-key.js";

const field = (name: string) => readFileSync(new URL(`../../../test/fixtures/field-cases/${name}`, import.meta.url));
const other = (name: string) => field(`key-of-other-type/${name}`);
const tutorial = (name: string) => field(`encrypted-key-of-the-tutorial/${name}`);

describe("readPresentedIdentity", () => {
  it("takes a chain and its key, and leaves the chain as it is", () => {
    const read = readPresentedIdentity({ certificate: other("chain.pem"), key: other("dev.key") });
    expect(parseCertificates(read.certificatePem)).toEqual(parseCertificates(other("chain.pem")));
    expect(read.notes).toEqual([]);
  });

  it("says that a key is of another kind than the certificate's", () => {
    const read = () => readPresentedIdentity({ certificate: other("chain.pem"), key: other("other.key") });
    expect(read).toThrow(
      /^the private key \(EC prime256v1\) does not belong to the certificate CN=.* \(RSA 2048\), nor to one of the 1 others/,
    );
  });

  it("gives the order of a chain that is not leaf first", () => {
    const read = () => readPresentedIdentity({ certificate: other("root-first.pem"), key: other("dev.key") });
    expect(read).toThrow(ChainOrderError);
    expect(read).toThrow(/^the certificates are not leaf first: the key belongs to certificate \d of 3/);
    try {
      read();
    } catch (error) {
      const { order } = error as ChainOrderError;
      const ders = parseCertificates(other("root-first.pem"));
      const mended = order.map(
        (number) => `-----BEGIN CERTIFICATE-----\n${ders[number - 1]?.toString("base64")}\n-----END CERTIFICATE-----\n`,
      );
      const again = readPresentedIdentity({ certificate: mended.join(""), key: other("dev.key") });
      expect({ notes: again.notes, sorted: [...order].sort() }).toEqual({ notes: [], sorted: [1, 2, 3] });
    }
  });

  it("opens an encrypted key with its passphrase alone", () => {
    const files = { certificate: tutorial("full-chain.pem"), key: tutorial("devenc.key") };
    expect(readPresentedIdentity({ ...files, passphrase: "1234" }).privateKeyPem).toMatch(/^-----BEGIN PRIVATE KEY/);
    expect(() => readPresentedIdentity(files)).toThrow(PassphraseError);
    expect(() => readPresentedIdentity({ ...files, passphrase: "4321" })).toThrow(PassphraseError);
  });

  it("names the order of intermediates in a note, and sends them as they are", async () => {
    const root = await issueRoot({ commonName: "Order root" });
    const upper = await issueIntermediate({ commonName: "Order upper", parent: root });
    const lower = await issueIntermediate({ commonName: "Order lower", parent: upper });
    const leaf = await issueLeaf({ commonName: "order-1", parent: lower });
    const certificate = leaf.certificatePem + upper.certificatePem + lower.certificatePem;
    const read = readPresentedIdentity({ certificate, key: leaf.privateKeyPem });
    expect(read.certificatePem).toBe(certificate);
    expect(read.notes).toEqual([expect.stringContaining("it would be 1, 3, 2")]);
    expect(readPresentedIdentity({ certificate: leaf.chainPem, key: leaf.privateKeyPem }).notes).toEqual([]);
  });

  it("tells which part it was reading", () => {
    const parts: string[] = [];
    const note = (part: string) => void parts.push(part);
    expect(() => readPresentedIdentity({ certificate: other("chain.pem"), key: other("chain.pem") }, note)).toThrow(
      /it is a certificate, and a private key belongs here/,
    );
    expect(parts).toEqual(["certificate", "key"]);
  });

  it("says of what OpenSSL does not load where its fault is", () => {
    const der = Buffer.from(parseCertificates(other("chain.pem"))[0] ?? []);
    der[4] = 0x31;
    expect(() => readPresentedIdentity({ certificate: der, key: other("dev.key") })).toThrow(
      /^the certificate is one that OpenSSL does not load: .*set where sequence belongs/,
    );
  });
});
