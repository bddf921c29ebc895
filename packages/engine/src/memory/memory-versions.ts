import type { Expected, Removal } from "../records/store.js";

/** Whether a write with this expectation may replace the existing record. */
export function applies(old: { readonly etag: string } | undefined, expected: Expected): boolean {
  if (expected === undefined) return true;
  return expected === "absent" ? old === undefined : old?.etag === expected.etag;
}

/** The result of removing a record. */
export function removal(old: { readonly etag: string } | undefined, expectedEtag: string | undefined): Removal {
  if (!old) return "missing";
  return expectedEtag === undefined || old.etag === expectedEtag ? "removed" : "changed";
}
