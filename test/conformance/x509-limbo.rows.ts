/** A case of x509-limbo on which our verdict differs from OpenSSL's, and the reason. */
export interface Difference {
  /** The case, by the name that x509-limbo gives it. */
  readonly id: string;
  readonly ours: "accepted" | "refused";
  readonly reason: string;
}

const manyNames =
  "OpenSSL gives up after 2^20 comparisons of names with constraints (NAME_CHECK_MAX in crypto/x509/v3_ncons.c), whatever they would say; we compare all of them, which takes up to two seconds";

/** Differences for any purpose. For TLS clients, which is how devices are judged, no case differs. */
export const differences: readonly Difference[] = [
  { id: "pathological::nc-dos-1", ours: "accepted", reason: manyNames },
  { id: "pathological::nc-dos-2", ours: "accepted", reason: manyNames },
  { id: "pathological::nc-dos-3", ours: "accepted", reason: manyNames },
  {
    id: "webpki::forbidden-dsa-root",
    ours: "refused",
    reason: "the service does not document DSA for devices or their CAs, and judgePath does not verify it",
  },
];
