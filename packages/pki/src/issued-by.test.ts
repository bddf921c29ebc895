import { describe, expect, it } from "vitest";
import { readCertificate } from "./certificate.js";
import { issueIntermediate, issueLeaf, issueRoot } from "./issue.js";
import { isIssuedBy, isSelfSigned } from "./issued-by.js";
import { isProofOfPossession } from "./proof-of-possession.js";

const root = await issueRoot({ commonName: "Root" });
const rsa = await issueIntermediate({ commonName: "RSA CA", parent: root, key: "rsa" });
const leaf = await issueLeaf({ commonName: "0A1B2C", parent: root });
const underRsa = await issueLeaf({ commonName: "0A1B2C", parent: rsa });
const sameName = await issueRoot({ commonName: "Root" });
const renamed = await issueRoot({ commonName: "Renamed", key: root.privateKey });
const forged = await issueLeaf({ commonName: "0A1B2C", parent: { ...root, privateKey: sameName.privateKey } });

describe("isIssuedBy", () => {
  it.each([
    ["an EC leaf by its root", leaf, root, true],
    ["an EC leaf by its RSA CA", underRsa, rsa, true],
    ["an RSA CA by its EC root", rsa, root, true],
    ["a root by itself", root, root, true],
    ["a leaf by another CA", leaf, rsa, false],
    ["a leaf by a CA of the right name and another key", leaf, sameName, false],
    ["a leaf by a CA of the right key and another name", leaf, renamed, false],
    ["a leaf that another key signed in the CA's name", forged, root, false],
    ["a root by its leaf", root, leaf, false],
  ])("%s: %4$s", (_, child, parent, expected) => {
    expect(isIssuedBy(child.certificate, parent.certificate)).toBe(expected);
    // The second call uses the remembered result; freshly read certificates are checked again.
    expect(isIssuedBy(child.certificate, parent.certificate)).toBe(expected);
    expect(isIssuedBy(readCertificate(child.certificate.der), readCertificate(parent.certificate.der))).toBe(expected);
  });

  it("notices one flipped bit of what was signed, and of the signature", () => {
    const { der } = leaf.certificate;
    const at = der.indexOf("0A1B2C");
    for (const position of [at, der.length - 1]) {
      const changed = Buffer.from(der);
      changed[position] = (changed[position] ?? 0) ^ 1;
      expect(isIssuedBy(readCertificate(changed), root.certificate)).toBe(false);
    }
  });

  it("knows a self-signed certificate", () => {
    expect([root, leaf].map(({ certificate }) => isSelfSigned(certificate))).toEqual([true, false]);
  });
});

describe("isProofOfPossession", () => {
  const [ca, verification, code] = [root.certificate, leaf.certificate, "0A1B2C"];
  it.each([
    ["the code, signed by the CA", { ca, verification, code }, true],
    ["another code", { ca, verification, code: "0A1B2D" }, false],
    ["the code in another case", { ca, verification, code: "0a1b2c" }, false],
    ["an empty code", { ca, verification, code: "" }, false],
    ["signed by another CA", { ca: rsa.certificate, verification, code }, false],
    ["signed by a CA of the same name", { ca: sameName.certificate, verification, code }, false],
    ["the CA itself", { ca, verification: ca, code: "Root" }, true],
  ])("%s: %2$s", (_, possession, expected) => {
    expect(isProofOfPossession(possession)).toBe(expected);
  });
});
