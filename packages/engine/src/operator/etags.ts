import { DpsError } from "@rollcall/protocol";
import type { Random } from "../ports.js";

/** `"\"…\""` in replies: quoted inside the text, as the service writes etags of enrollments (section 7.4). */
export function quotedEtag(etag: string): string {
  return `"${etag}"`;
}

/** Of everything but registrations, whose etags have the form that devices know (section 1.4). */
export function newEtag(random: Random): string {
  return random(12).toString("hex");
}

/** An If-Match without its quotes: Node sends the etag as found, .NET puts quotes around it (section 7.2). */
export function bareEtag(text: string): string {
  return text.trim().replace(/^"+|"+$/g, "");
}

/** What `If-Match` asks of what is there: nothing when it is absent. Throws preconditionFailed. */
export function checkPrecondition(existing: { readonly etag: string } | undefined, ifMatch: string | undefined): void {
  if (ifMatch === undefined) return;
  if (!existing) throw new DpsError("preconditionFailed", "Nothing is there to match the etag.");
  // A list of etags asks for any of them (RFC 9110, 13.1.1); ours have no comma.
  if (ifMatch.split(",").some((each) => bareEtag(each) === "*" || bareEtag(each) === bareEtag(existing.etag))) return;
  throw new DpsError("preconditionFailed", "It was changed since: its etag is another one. Read it again.");
}
