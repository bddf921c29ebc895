import type { RefusalReason } from "./admission.js";
import type { DpsErrorKind } from "./errors.js";
import { findingRows } from "./finding-rows.js";

/** The part of a registration that a finding is about. */
export const elements = [
  "connection",
  "request",
  "idScope",
  "enrollment",
  "leaf",
  "intermediate",
  "root",
  "chain",
  "key",
  "token",
  "endorsementKey",
  "storageRootKey",
  "challenge",
  "hub",
  "webhook",
  "service",
] as const;
export type Element = (typeof elements)[number];

/** Who has to act. */
export const blames = ["device", "pki", "enrollment", "hub", "webhook", "protocol", "service"] as const;
export type Blame = (typeof blames)[number];

export const severities = ["error", "warning", "info"] as const;
export type Severity = (typeof severities)[number];

/**
 * A reason why a registration fails or is odd. The order of rows is the order of likely root causes: of two errors the
 * one that stands earlier is shown first.
 */
export interface FindingRow {
  /** Number of the cause among the 25 known ones. */
  readonly cause?: number;
  readonly element: Element;
  readonly severity: Severity;
  readonly blame: Blame;
  /** A sentence; `{name}` is filled from the values of the finding. */
  readonly title: string;
  /** What mends it, a command where there is one; `{name}` as above. */
  readonly remedy: string;
  /** What the device is answered when this is the root cause; only errors have one. */
  readonly wire?: DpsErrorKind;
  /** Why a connection is refused for this already (over MQTT); without it the answer waits for the register request. */
  readonly atConnect?: RefusalReason;
  /** When one of these was found too, this is their consequence. */
  readonly follows?: readonly string[];
}

export type FindingCode = keyof typeof findingRows;

/** One result of a check, as it is stored, shown and asserted on. Never holds a secret. */
export interface Finding {
  readonly code: FindingCode;
  readonly element: Element;
  /** Which one, when there are several: `intermediate 1`, the subject of a certificate. */
  readonly subject?: string;
  readonly severity: Severity;
  readonly blame: Blame;
  readonly title: string;
  readonly expected?: string;
  readonly got?: string;
  readonly nearest?: string;
  readonly remedy: string;
  readonly cause?: number;
  /** True when another finding explains this one. */
  readonly consequence?: boolean;
}

/** What a check found, beyond what the row says. `values` fill the row's `{name}`s. */
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

/** The row behind a code. */
export function findingRow(code: FindingCode): FindingRow {
  return findingRows[code];
}

/** Longest text of a stranger that is repeated in a finding. */
const MAX_TEXT = 300;

/** What people paste where it does not belong: a connection string as user name, a whole token as id. */
const SECRET = /\b((?:SharedAccessKey|sig)\s*=)[^;&\s"]+/gi;

/**
 * Text of a stranger as people may read it: shortened, without control characters, keys and signatures hidden. Returns a
 * copy: a slice would keep the stranger's whole text in memory for as long as the finding lives.
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

/** Makes a finding of a row and what was seen. Text of strangers is shortened and freed of control characters. */
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

/** Root cause first, consequences marked and behind the errors that explain them, then warnings, then notes. */
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

/** The first error of ranked findings, if there is one: what the device is answered for. */
export function rootCause(ranked: readonly Finding[]): Finding | undefined {
  return ranked.find((each) => each.severity === "error");
}

/** The error that goes over the wire for a root cause. */
export function wireError(root: Finding): DpsErrorKind {
  return rows[root.code]?.wire ?? "unauthorized";
}
