import type { DpsErrorKind } from "../facts/errors.js";
import { type Finding, findingRow } from "./finding.js";
import { findingRows } from "./finding-rows.js";
import type { Severity } from "./rows/finding-row.js";

const rankOf = new Map<string, number>(Object.keys(findingRows).map((code, index) => [code, index]));
const severityOrder: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 };

/**
 * Root cause first, consequences marked and behind the errors that explain them, then warnings, then notes. Within each of
 * these the order of the rows decides.
 */
export function rankFindings(findings: readonly Finding[]): readonly Finding[] {
  if (findings.length === 0) return findings;
  const codes = new Set<string>(findings.map((each) => each.code));
  const marked = findings.map((each) => {
    const follows = findingRow(each.code).follows ?? [];
    return follows.some((code) => codes.has(code)) ? { ...each, consequence: true } : each;
  });
  const place = (each: Finding) =>
    severityOrder[each.severity] * 10_000 + (each.consequence ? 5_000 : 0) + (rankOf.get(each.code) ?? 0);
  return marked.toSorted((a, b) => place(a) - place(b));
}

/** The first error of ranked findings, if there is one: what the device is answered for. */
export function rootCause(ranked: readonly Finding[]): Finding | undefined {
  return ranked.find((each) => each.severity === "error");
}

/** The error that goes over the wire for a root cause. */
export function wireError(root: Finding): DpsErrorKind {
  return findingRow(root.code).wire ?? "unauthorized";
}
