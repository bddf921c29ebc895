import { StoreError, type StoreErrorKind } from "../sql/store-error.js";

/** Serialization failure, deadlock: the transaction may be tried again. */
const conflictCodes: readonly unknown[] = ["40001", "40P01"];
/** Two nodes created the same table at the same time. */
const createRaceCodes: readonly unknown[] = ["23505", "42P07", "42710", ...conflictCodes];

/** Error codes of PostgreSQL (appendix A of its manual) and of Node. */
const kindsByCode: Readonly<Record<string, StoreErrorKind>> = {
  "28000": "loginRefused",
  "28P01": "loginRefused",
  "3D000": "databaseMissing",
  "42501": "notPermitted",
  "25006": "notPermitted",
  "53100": "diskFull",
  "55P03": "tooSlow",
  "57014": "tooSlow",
  // The server has too many connections, is shutting down, crashed, or is starting up.
  "53300": "unreachable",
  "57P01": "unreachable",
  "57P02": "unreachable",
  "57P03": "unreachable",
  ECONNREFUSED: "unreachable",
  ECONNRESET: "unreachable",
  EPIPE: "unreachable",
  ENOTFOUND: "unreachable",
  EAI_AGAIN: "unreachable",
  ETIMEDOUT: "unreachable",
  EHOSTUNREACH: "unreachable",
  ENETUNREACH: "unreachable",
  ENOENT: "unreachable",
};

/** Messages of errors that pg throws without a code. */
const kindsByMessage: readonly (readonly [RegExp, StoreErrorKind])[] = [
  [/^Query read timeout/, "tooSlow"],
  [/timeout|Connection terminated|not queryable/i, "unreachable"],
  [/password must be a string|no password/i, "loginRefused"],
];

const codeOf = (error: unknown) => (error instanceof Error && "code" in error ? String(error.code) : "");

function kindOf(error: Error): StoreErrorKind | undefined {
  return kindsByCode[codeOf(error)] ?? kindsByMessage.find(([message]) => message.test(error.message))?.[1];
}

export const isConflict = (error: unknown): boolean => conflictCodes.includes(codeOf(error));
export const isCreateRace = (error: unknown): boolean => createRaceCodes.includes(codeOf(error));

/** True when the server did not answer in time. It may still execute the statement. */
export function isUnanswered(error: unknown): boolean {
  return error instanceof Error && /^Query read timeout/.test(error.message);
}

const cutCodes: readonly unknown[] = ["57P01", "57P02", "ECONNRESET", "EPIPE"];

/** True when an established connection was lost. A new connection may work. */
export function isCut(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  // pg gives these errors no code. A timeout while connecting does not count: no connection was lost.
  const isToldByMessage = /Connection terminated(?! due to connection timeout)|not queryable/i.test(error.message);
  return isToldByMessage || cutCodes.includes(codeOf(error));
}

/** Returns host, port and database of the URL, without user and password. Throws StoreError. */
export function placeOf(url: string): string {
  // The parser's reason is left out: it would quote the URL, and the password with it.
  if (!URL.canParse(url)) throw new StoreError("badUrl", "it is not a URL");
  const { protocol, host, pathname } = new URL(url);
  if (protocol !== "postgres:" && protocol !== "postgresql:")
    throw new StoreError("badUrl", `it begins with ${protocol}`);
  return `${host}${pathname}`;
}

/** Returns a function that turns a known error at `place` into a StoreError, and leaves other errors as they are. */
export function explainAt(place: string): (error: unknown) => unknown {
  return (error) => {
    if (!(error instanceof Error) || error instanceof StoreError) return error;
    const kind = kindOf(error);
    return kind ? new StoreError(kind, `${place}: ${error.message || codeOf(error)}`, { cause: error }) : error;
  };
}
