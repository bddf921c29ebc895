import type { Finding } from "./contract-findings.js";
import type { DpsErrorKind } from "./errors.js";
import { findingRows } from "./finding-rows.js";
import type { Element, FindingRow, Severity } from "./finding-words.js";

export {
  type Blame,
  blames,
  type Element,
  elements,
  type FindingRow,
  type Severity,
  severities,
} from "./finding-words.js";

export type FindingCode = keyof typeof findingRows;

export type { Finding } from "./contract-findings.js";

/** Details of a finding that its row does not contain. `values` fill the row's `{name}`s. */
export interface FindingDetail {
  readonly values?: Readonly<Record<string, string | number>>;
  readonly element?: Element;
  readonly subject?: string;
  readonly expected?: string;
  readonly got?: string;
  readonly nearest?: string;
}

const rows: Readonly<Record<string, FindingRow>> = findingRows;
const order = new Map(Object.keys(findingRows).map((code, index) => [code, index]));

/** The row of a code. */
export function findingRow(code: FindingCode): FindingRow {
  return findingRows[code];
}

/** Longest untrusted text that a finding repeats. */
const MAX_TEXT = 300;

/** Secrets that users paste into the wrong field: a connection string as user name, a whole token as id. */
const SECRET = /\b((?:SharedAccessKey|sig)\s*=)[^;&\s"]+/gi;

/**
 * Makes untrusted text safe to show: shortens it, removes control characters, hides keys and signatures. Returns a
 * copy, since a slice would keep the whole text in memory as long as the finding lives.
 */
export function readableText(text: string, length: number = MAX_TEXT): string {
  const cut = text.length > length ? `${text.slice(0, length)}…` : text;
  const clean = cut.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\ufffd").replace(SECRET, "$1…");
  return Buffer.from(clean).toString();
}

function fill(template: string, values: FindingDetail["values"]): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) =>
    values?.[name] === undefined ? whole : readableText(String(values[name])),
  );
}

/** Makes a finding of a row and the details. Untrusted text is shortened and loses its control characters. */
export function finding(code: FindingCode, detail: FindingDetail = {}): Finding {
  const row = findingRow(code);
  return {
    code,
    element: detail.element ?? row.element,
    severity: row.severity,
    blame: row.blame,
    title: fill(row.title, detail.values),
    remedy: fill(row.remedy, detail.values),
    ...(detail.subject !== undefined && { subject: readableText(detail.subject) }),
    ...(detail.expected !== undefined && { expected: readableText(detail.expected) }),
    ...(detail.got !== undefined && { got: readableText(detail.got) }),
    ...(detail.nearest !== undefined && { nearest: readableText(detail.nearest) }),
    ...(row.cause !== undefined && { cause: row.cause }),
  };
}

const severityOrder: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 };

/**
 * Sorts findings: root cause first, consequences marked and after the errors that explain them, then warnings, then
 * notes.
 */
export function rankFindings(findings: readonly Finding[]): readonly Finding[] {
  if (findings.length === 0) return findings;
  const codes = new Set<string>(findings.map((each) => each.code));
  const marked = findings.map((each) => {
    const follows = rows[each.code]?.follows ?? [];
    return follows.some((code) => codes.has(code)) ? { ...each, consequence: true } : each;
  });
  const place = (each: Finding) =>
    severityOrder[each.severity] * 10_000 + (each.consequence ? 5_000 : 0) + (order.get(each.code) ?? 0);
  return marked.toSorted((a, b) => place(a) - place(b));
}

/** The first error of ranked findings, which decides the device's answer; undefined when there is no error. */
export function rootCause(ranked: readonly Finding[]): Finding | undefined {
  return ranked.find((each) => each.severity === "error");
}

/** The error that goes over the wire for a root cause. */
export function wireError(root: Finding): DpsErrorKind {
  return rows[root.code]?.wire ?? "unauthorized";
}
