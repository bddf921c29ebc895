import { describe, expect, it } from "vitest";
import { dpsErrors } from "./errors.js";
import { findingRows } from "./finding-rows.js";
import { type FindingCode, type FindingRow, finding, rankFindings, rootCause, wireError } from "./findings.js";

const rows = Object.entries(findingRows) as [FindingCode, FindingRow][];

describe("the table of findings", () => {
  it.each(rows)("%s is complete", (code, row) => {
    expect(code).toMatch(/^[a-zA-Z]+\.[a-zA-Z0-9]+$/);
    expect(row.title).toMatch(/^[A-Z{].*[.?}]$/);
    expect(row.remedy).toMatch(/^[A-Z].{7}/);
    if (row.severity !== "error") expect([row.wire, row.atConnect]).toEqual([undefined, undefined]);
    for (const other of row.follows ?? []) expect(Object.keys(findingRows)).toContain(other);
    if (row.wire) expect(Object.keys(dpsErrors)).toContain(row.wire);
  });

  it("covers the known causes", () => {
    const causes = new Set(rows.map(([, row]) => row.cause));
    for (const cause of [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 15, 16, 22]) expect(causes).toContain(cause);
  });
});

describe("ranking", () => {
  it("puts the deeper cause first and marks its consequence", () => {
    const ranked = rankFindings([
      finding("enrollment.notFound"),
      finding("protocol.apiVersionNewer"),
      finding("chain.issuerMissing"),
    ]);
    expect(ranked.map((each) => [each.code, each.consequence ?? false])).toEqual([
      ["chain.issuerMissing", false],
      ["enrollment.notFound", true],
      ["protocol.apiVersionNewer", false],
    ]);
    expect(rootCause(ranked)?.code).toBe("chain.issuerMissing");
    expect(wireError(finding("chain.issuerMissing"))).toBe("caNotFound");
  });

  it("finds no root cause among warnings", () =>
    expect(rootCause(rankFindings([finding("chain.reordered")]))).toBeUndefined());
});

describe("untrusted text", () => {
  it("is shortened and loses control characters", () => {
    const made = finding("id.illegal", { values: { reason: "a\u001b[31mb" }, got: `\u202e${"x".repeat(500)}` });
    expect(made.title).toContain("a\ufffd[31mb");
    expect(made.got).toHaveLength(301);
  });

  it("loses keys and signatures", () => {
    const text = "HostName=h;SharedAccessKey=c2VjcmV0c2VjcmV0;x=1 SharedAccessSignature sr=s&sig=c2ln%3D&se=1";
    const made = finding("protocol.userNameMalformed", { values: { reason: text }, got: text });
    const shown = "HostName=h;SharedAccessKey=…;x=1 SharedAccessSignature sr=s&sig=…&se=1";
    expect(made.got).toBe(shown);
    expect(made.title).toContain(shown);
  });
});
