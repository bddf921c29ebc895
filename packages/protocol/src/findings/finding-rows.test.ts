import { describe, expect, it } from "vitest";
import { dpsErrors } from "../facts/errors.js";
import { limits } from "../facts/limits.js";
import { type FindingCode, findingRows } from "./finding-rows.js";
import { allocationRows } from "./rows/allocation.js";
import { chainRows } from "./rows/chain.js";
import { enrollmentRows } from "./rows/enrollment.js";
import type { FindingRow } from "./rows/finding-row.js";
import { hubRows } from "./rows/hub.js";
import { noEnrollmentRows } from "./rows/no-enrollment.js";
import { remarkRows } from "./rows/remark.js";
import { requestRows } from "./rows/request.js";
import { serviceRows } from "./rows/service.js";
import { tokenRows } from "./rows/token.js";
import { tpmRows } from "./rows/tpm.js";

const rows = Object.entries(findingRows) as [FindingCode, FindingRow][];
const codes = rows.map(([code]) => code);

describe("the table of findings", () => {
  it.each(rows)("%s is complete", (code, row) => {
    expect(code).toMatch(/^[a-zA-Z]+\.[a-zA-Z0-9]+$/);
    expect(row.title).toMatch(/^[A-Z{].*[.?}]$/);
    expect(row.remedy).toMatch(/^[A-Z].{7}/);
    if (row.severity !== "error") expect([row.wire, row.atConnect]).toEqual([undefined, undefined]);
    if (row.wire) expect(Object.keys(dpsErrors)).toContain(row.wire);
  });

  it("covers the causes that the main job names", () => {
    const causes = new Set(rows.map(([, row]) => row.cause));
    for (const cause of [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 15, 16, 22]) expect(causes).toContain(cause);
  });

  it("takes its numbers from the limits", () => {
    expect(findingRows["protocol.payloadTooLarge"].title).toBe(
      `The message has {bytes} bytes; ${limits.messageBytes} are allowed.`,
    );
    const numbers = rows.flatMap(
      ([code, row]) => `${row.title} ${row.remedy}`.match(/\b\d{5,}\b/g)?.map((n) => [code, n]) ?? [],
    );
    expect(numbers).toEqual([
      ["protocol.payloadTooLarge", "98304"],
      ["protocol.packetTooLarge", "98304"],
    ]);
  });
});

describe("the order of the rows is their rank", () => {
  const groups = [
    requestRows,
    enrollmentRows,
    chainRows,
    tokenRows,
    tpmRows,
    noEnrollmentRows,
    allocationRows,
    hubRows,
    serviceRows,
    remarkRows,
  ];

  it("goes through the groups in this order, and no code stands in two of them", () => {
    expect(codes).toEqual(groups.flatMap((group) => Object.keys(group)));
    expect(new Set(codes).size).toBe(codes.length);
  });

  it.each(rows.filter(([, row]) => row.follows))("%s stands behind what it follows", (code, row) => {
    for (const cause of row.follows ?? [])
      expect(codes.indexOf(cause as FindingCode)).toBeLessThan(codes.indexOf(code));
  });

  it.each<[FindingCode, FindingCode]>([
    ["protocol.apiVersionMissing", "idScope.mismatch"],
    ["idScope.mismatch", "id.illegal"],
    ["enrollment.disabled", "leaf.expired"],
    ["enrollment.attestationMismatch", "credential.missing"],
    ["leaf.expired", "ca.expired"],
    ["ca.expired", "link.signatureInvalid"],
    ["leaf.commonNameMismatch", "leaf.thumbprintMismatch"],
    ["chain.caNotVerified", "chain.issuerMissing"],
    ["chain.issuerMissing", "chain.untrusted"],
    ["key.groupKeyUsedRaw", "key.signatureMismatch"],
    ["token.malformed", "key.signatureMismatch"],
    ["tpm.endorsementKeyEnrolledElsewhere", "tpm.endorsementKeyMismatch"],
    ["tpm.endorsementKeyInvalid", "tpm.storageRootKeyInvalid"],
    ["group.disabled", "enrollment.notFound"],
    ["enrollment.notFound", "hub.noneLinked"],
  ])("%s goes before %s", (first, second) => expect(codes.indexOf(first)).toBeLessThan(codes.indexOf(second)));
});
