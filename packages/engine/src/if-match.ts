import { DpsError } from "@rollcall/protocol";

/**
 * The etag that a write is for, of an `If-Match` header: quoted or not, for the official SDKs do either (section 7.2 of the
 * wire notes). Undefined for none and for `*`, which mean whatever is there.
 */
export function expectedEtag(ifMatch: string | undefined): string | undefined {
  const text = ifMatch?.trim().replace(/^W\//, "");
  if (text === undefined || text === "" || text === "*" || text === '"*"') return undefined;
  return /^".*"$/.test(text) ? text.slice(1, -1) : text;
}

/** Throws DpsError (412) when something has another etag than `ifMatch` says. */
export function checkEtag(what: string, etag: string, ifMatch: string | undefined): void {
  const expected = expectedEtag(ifMatch);
  if (expected === undefined || expected === etag) return;
  throw new DpsError("preconditionFailed", `${what} was changed meanwhile: its etag is another than If-Match says.`, {
    info: { etag },
  });
}
