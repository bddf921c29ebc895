import { describe, expect, it } from "vitest";
import { issueIntermediate, issueLeaf, issueRoot } from "./issue.js";
import { judgePath } from "./judge-path.js";
import { extendedKeyUsages } from "./oids.js";
import { pathProblems } from "./path-problem.js";

const dates = { notBefore: new Date("2026-01-01T00:00:00Z"), notAfter: new Date("2030-01-01T00:00:00Z") };
const now = new Date("2026-06-01T00:00:00Z");
const root = await issueRoot({ commonName: "Root", ...dates });
const line = await issueIntermediate({ commonName: "Line 4 CA", parent: root, ...dates });
const leaf = await issueLeaf({ commonName: "pump-0042", parent: line, ...dates });
const path = [leaf.certificate, line.certificate, root.certificate];

// test/integration/chains-vs-openssl.test.ts compares each verdict with OpenSSL's.
describe("judgePath", () => {
  it("finds nothing wrong with a good path, wherever in it the anchor is", () => {
    for (const anchor of path) expect(judgePath({ path, anchor, now })).toEqual([]);
    expect(judgePath({ path: path.slice(0, 1), anchor: line.certificate, now })).toEqual([]);
  });

  it("collects every problem of every element, leaf first", async () => {
    const bad = await issueIntermediate({
      ...{ commonName: "Bad CA", parent: root, notBefore: dates.notBefore, notAfter: new Date("2026-02-01T00:00:00Z") },
      faults: { isCa: false, keyUsage: ["digitalSignature"] },
    });
    const device = await issueLeaf({
      ...{ commonName: "pump", parent: { ...bad, privateKey: root.privateKey }, ...dates },
      notBefore: new Date("2027-01-01T00:00:00Z"),
      faults: { extendedKeyUsage: [extendedKeyUsages.serverAuth] },
    });
    const problems = judgePath({ path: [device.certificate, bad.certificate], anchor: root.certificate, now });
    expect(problems.map(({ code, element }) => `${element.index} ${element.kind} ${code}`)).toEqual([
      "0 leaf notYetValid",
      "0 leaf wrongExtendedKeyUsage",
      "0 leaf signatureInvalid",
      "1 intermediate expired",
      "1 intermediate noKeyCertSign",
      "1 intermediate notCa",
    ]);
    expect(problems[1]).toEqual({
      code: "wrongExtendedKeyUsage",
      element: { kind: "leaf", index: 0, subject: "CN=pump" },
      expected: "clientAuth",
      got: "serverAuth",
    });
  });

  it("does not ask for client authentication when told so", async () => {
    const faults = { extendedKeyUsage: [extendedKeyUsages.serverAuth] };
    const device = await issueLeaf({ commonName: "pump", parent: root, ...dates, faults });
    const options = { path: [device.certificate], anchor: root.certificate, now };
    expect(judgePath(options)).toHaveLength(1);
    expect(judgePath({ ...options, clientAuth: false })).toEqual([]);
  });

  it("names what is missing when the intermediate was not sent", () => {
    expect(judgePath({ path: [leaf.certificate], anchor: root.certificate, now })).toEqual([
      {
        code: "anchorNotReached",
        element: { kind: "leaf", index: 0, subject: "CN=pump-0042" },
        expected: "a chain to CN=Root",
        got: "a chain that ends at CN=pump-0042, issued by CN=Line 4 CA",
      },
    ]);
  });

  it("says that the key differs when another CA of the same name is trusted", async () => {
    const alike = await issueRoot({ commonName: "Root", ...dates });
    const problems = judgePath({ path: path.slice(0, 2), anchor: alike.certificate, now });
    expect(problems).toMatchObject([
      { code: "keyIdMismatch", expected: root.certificate.subjectKeyId, got: alike.certificate.subjectKeyId },
      { code: "anchorNotReached", element: { kind: "intermediate", index: 1 } },
    ]);
  });

  it("names the broken links of a path that buildPath did not make", async () => {
    const stranger = await issueIntermediate({ commonName: "Stranger", parent: root, ...dates });
    const problems = judgePath({ path: [leaf.certificate, stranger.certificate], anchor: root.certificate, now });
    expect(problems.map(({ code }) => code)).toEqual(["issuerMismatch", "keyIdMismatch", "signatureInvalid"]);
  });

  it("refuses an empty path", () => {
    expect(judgePath({ path: [], anchor: root.certificate, now })).toMatchObject([{ code: "noCertificate" }]);
  });

  it("judges again at another time, though signatures are remembered", () => {
    const later = new Date("2031-01-01T00:00:00Z");
    expect(judgePath({ path, anchor: root.certificate, now })).toEqual([]);
    expect(judgePath({ path, anchor: root.certificate, now: later }).map(({ code }) => code)).toEqual([
      ...["expired", "expired", "expired"],
    ]);
  });

  it("has words for every code", () => {
    for (const words of Object.values(pathProblems)) expect(words).toMatch(/^[a-z]/);
  });
});
