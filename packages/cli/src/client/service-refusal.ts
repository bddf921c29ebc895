import { CliError } from "../terminal/cli-error.js";
import type { ExitKind } from "../terminal/exit-codes.js";

/** What was asked for, so that a refusal can say what to type next. */
export interface Asked {
  /** What it was asked of: an id or a name. */
  readonly subject?: string;
  /** Next command by what went wrong. */
  readonly next?: { readonly [kind in ExitKind]?: string };
  /** The flag of a member that the service found fault with. */
  flagOf?(member: string): string | undefined;
}

/** Which statuses are whose fault; the others are ours. */
const KINDS: Readonly<Record<number, ExitKind>> = {
  400: "usage",
  403: "conflict",
  404: "notFound",
  409: "conflict",
  412: "conflict",
  413: "usage",
  415: "usage",
  429: "unreachable",
  503: "unreachable",
};

/** The kind of exit that an HTTP status, or the first three digits of an `errorCode`, stands for. */
const kindOfStatus = (status: number): ExitKind => KINDS[status] ?? "unexpected";

interface Refused {
  readonly status: number;
  readonly message: string;
  readonly info?: Readonly<Record<string, string>> | undefined;
}

/** Full: no command makes room but a deletion of something else. */
const QUOTA = 403;

/** What the service says in these cases does not name what it is about. */
const ABOUT_SUBJECT: ReadonlySet<ExitKind> = new Set(["notFound", "conflict"]);

/** A message that begins with the member that it is about, or has it where the cloud has it: "Enrollment x must be specified …". */
const ABOUT_MEMBER = /^(?:Enrollment )?([A-Za-z]\w*(?:\.\w+)*)(?:: | must be specified)/;

/** The error of a refused request: the service's own words, the flag that they are about, and what to type next. */
export function refusal({ status, message, info }: Refused, asked: Asked = {}): CliError {
  const kind = kindOfStatus(status);
  const member = info?.["path"] ?? ABOUT_MEMBER.exec(message)?.[1];
  const flag = member === undefined ? undefined : asked.flagOf?.(member);
  const named = member === undefined || message.includes(member) ? message : `${member}: ${message}`;
  const { subject } = asked;
  const whose = subject === undefined || !ABOUT_SUBJECT.has(kind) || names(named, subject) ? "" : `${subject}: `;
  const position = info?.["position"];
  const where = position === undefined || /character/.test(message) ? "" : ` (at character ${position})`;
  const begins = kind === "unexpected" ? `the service answered ${status}: ` : flag === undefined ? "" : `${flag}: `;
  return new CliError(kind, `${begins}${whose}${named}${where}`, {
    next: status === QUOTA ? undefined : asked.next?.[kind],
  });
}

/** True when the text has this word, whatever stands behind it. */
const names = (text: string, word: string): boolean =>
  text.split(/[\s,;"'()]+/).some((each) => each.replace(/[.:]+$/, "") === word);

/** Reads the error body of wire.md#error-body; whatever else came is named by its status. */
export async function refusalOf(response: Response, asked?: Asked): Promise<CliError> {
  const body: unknown = await response.json().catch(() => undefined);
  const known = typeof body === "object" && body !== null ? (body as { message?: unknown; info?: unknown }) : {};
  const message = typeof known.message === "string" ? known.message : response.statusText || "no reason given";
  const info = typeof known.info === "object" && known.info !== null ? texts(known.info) : undefined;
  return refusal({ status: response.status, message, info }, asked);
}

const texts = (info: object): Record<string, string> =>
  Object.fromEntries(Object.entries(info).filter((entry): entry is [string, string] => typeof entry[1] === "string"));
