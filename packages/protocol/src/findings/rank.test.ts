import { describe, expect, it } from "vitest";
import { finding } from "./finding.js";
import { rankFindings, rootCause, wireError } from "./rank.js";

const issuerMissing = finding("chain.issuerMissing", { values: { count: 1, last: "CN=a", issuer: "CN=b" } });

describe("ranking", () => {
  it("puts the deeper cause first and marks its consequence", () => {
    const ranked = rankFindings([
      finding("enrollment.notFound", { values: { id: "dev1", hint: "", how: "" } }),
      finding("protocol.apiVersionNewer", { values: { got: "2030-01-01", served: "2021-10-01" } }),
      issuerMissing,
    ]);
    expect(ranked.map((each) => [each.code, each.consequence ?? false])).toEqual([
      ["chain.issuerMissing", false],
      ["enrollment.notFound", true],
      ["protocol.apiVersionNewer", false],
    ]);
    expect(rootCause(ranked)?.code).toBe("chain.issuerMissing");
    expect(wireError(issuerMissing)).toBe("caNotFound");
  });

  it("finds no root among warnings", () =>
    expect(rootCause(rankFindings([finding("chain.reordered")]))).toBeUndefined());
});
