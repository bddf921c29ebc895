import type { Finding } from "./contract-findings.js";
import { type FindingCode, findingRows } from "./finding-rows.js";
import type { Element, FindingRow } from "./rows/finding-row.js";

export type { Finding } from "./contract-findings.js";

/** Details of a finding that its row and the values of its texts do not contain. */
export interface FindingDetail {
  readonly element?: Element;
  readonly subject?: string;
  readonly expected?: string;
  readonly got?: string;
  readonly nearest?: string;
}

/** The word behind the last brace: in `{"iotHubHostName":"{hub}"}`, `hub` is a name and the object around it is text. */
type LastWord<Text extends string> = Text extends `${string}{${infer Rest}` ? LastWord<Rest> : Text;

/** The `{name}`s of a text. */
type NamesIn<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? LastWord<Name> | NamesIn<Rest>
  : never;

/** The `{name}`s of a row's texts; of several rows, all of them. */
type NamesOf<Code extends FindingCode> = NamesIn<(typeof findingRows)[Code]["title" | "remedy"]>;

type Value = string | number;
type NoMore<Values, Names> = { readonly [Name in keyof Values]: Name extends Names ? Value : never };

/** The second argument of `finding`: with the values of exactly the row's names, and optional where it has none. */
type Details<Code extends FindingCode, Values> = [NamesOf<Code>] extends [never]
  ? [detail?: FindingDetail & { readonly values?: never }]
  : [detail: FindingDetail & { readonly values: Values & NoMore<Values, NamesOf<Code>> }];

/** The row of a code. */
export function findingRow(code: FindingCode): FindingRow<FindingCode> {
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

function fill(template: string, values: Readonly<Record<string, Value>> | undefined): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) =>
    values?.[name] === undefined ? whole : readableText(String(values[name])),
  );
}

/**
 * Makes a finding of a row and the details. `values` has a value for each `{name}` of the row's texts: the compiler refuses
 * missing and superfluous values. Untrusted text is shortened and loses its control characters.
 */
export function finding<Code extends FindingCode, Values extends Readonly<Record<NamesOf<Code>, Value>>>(
  code: Code,
  ...[detail = {}]: Details<Code, Values>
): Finding {
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
