import type { Expected, Removal } from "../records/store.js";

/** Whether a write applies over what is there. */
export function applies(old: { readonly etag: string } | undefined, expected: Expected): boolean {
  if (expected === undefined) return true;
  return expected === "absent" ? old === undefined : old?.etag === expected.etag;
}

/** What becomes of something that is to be removed. */
export function removal(old: { readonly etag: string } | undefined, expectedEtag: string | undefined): Removal {
  if (!old) return "missing";
  return expectedEtag === undefined || old.etag === expectedEtag ? "removed" : "changed";
}
