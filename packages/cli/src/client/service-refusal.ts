import { CliError } from "../terminal/cli-error.js";
import type { ExitKind } from "../terminal/exit-codes.js";

/** Facts about the request, so that the error of a refusal can name the subject, the flag and the next command. */
export interface Asked {
  /** Id or name of the thing that the request is about. */
  readonly subject?: string;
  /** Next command, by the kind of the error. */
  readonly next?: { readonly [kind in ExitKind]?: string };
  /** The flag that sets a member which the service refused. */
  flagOf?(member: string): string | undefined;
}

/** Kind of exit by HTTP status; every status that is not listed is an unexpected failure. */
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

/** A quota is used up: no command is suggested, since only deleting something else makes room. */
const QUOTA = 403;

/** In these cases the service's message does not name the thing that it is about. */
const ABOUT_SUBJECT: ReadonlySet<ExitKind> = new Set(["notFound", "conflict"]);

/**
 * A message that begins with the member that it is about, or has it where the cloud has it: "Enrollment x must be
 * specified …".
 */
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

/** True when the text contains this word; a dot or colon after it is ignored. */
const names = (text: string, word: string): boolean =>
  text.split(/[\s,;"'()]+/).some((each) => each.replace(/[.:]+$/, "") === word);

/** Reads the error body of wire.md#error-body; for any other body, the error gives the status text. */
export async function refusalOf(response: Response, asked?: Asked): Promise<CliError> {
  const body: unknown = await response.json().catch(() => undefined);
  const known = typeof body === "object" && body !== null ? (body as { message?: unknown; info?: unknown }) : {};
  const message = typeof known.message === "string" ? known.message : response.statusText || "no reason given";
  const info = typeof known.info === "object" && known.info !== null ? texts(known.info) : undefined;
  return refusal({ status: response.status, message, info }, asked);
}

const texts = (info: object): Record<string, string> =>
  Object.fromEntries(Object.entries(info).filter((entry): entry is [string, string] => typeof entry[1] === "string"));
