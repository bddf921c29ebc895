import { DpsError } from "@rollcall/protocol";
import type { Random } from "../records/ports.js";

/** `"\"…\""` in replies: quoted inside the text, as the service writes etags of enrollments (wire.md#etags). */
export function quotedEtag(etag: string): string {
  return `"${etag}"`;
}

/** A new etag for any record but registrations, whose etags have the form that devices know (wire.md#etags). */
export function newEtag(random: Random): string {
  return random(12).toString("hex");
}

/** The text of If-Match without its quotes: Node sends the etag unchanged, .NET adds quotes (wire.md#if-match). */
function bareEtag(text: string): string {
  return text.trim().replace(/^"+|"+$/g, "");
}

/**
 * The etags in `If-Match`, any of which may match (RFC 9110, 13.1.1), without quotes; undefined when every version
 * matches. Our own etags contain no comma.
 */
export function etagsOf(ifMatch: string | undefined): readonly string[] | undefined {
  const etags = ifMatch?.split(",").map(bareEtag);
  return etags?.includes("*") ? undefined : etags;
}

/** Checks `If-Match` against the existing record; an absent `If-Match` allows everything. Throws preconditionFailed. */
export function checkPrecondition(existing: { readonly etag: string } | undefined, ifMatch: string | undefined): void {
  if (ifMatch === undefined) return;
  if (!existing) throw new DpsError("preconditionFailed", "There is no record that the etag could match.");
  const etags = etagsOf(ifMatch);
  if (!etags || etags.includes(bareEtag(existing.etag))) return;
  throw new DpsError(
    "preconditionFailed",
    "The record changed after you read it (etag mismatch). Read it again and retry.",
  );
}
