/** Where our verdict on a case of x509-limbo is not that of OpenSSL, and why that is right or may stay. */
export interface Difference {
  /** The case, by the name that x509-limbo gives it. */
  readonly id: string;
  readonly ours: "accepted" | "refused";
  readonly reason: string;
}

const manyNames =
  "OpenSSL gives up after 2^20 comparisons of names with constraints (NAME_CHECK_MAX in crypto/x509/v3_ncons.c), whatever they would say; we compare all of them, which takes up to two seconds";

/** As a chain for any purpose. For TLS clients, as a device is judged, no case differs. */
export const differences: readonly Difference[] = [
  { id: "pathological::nc-dos-1", ours: "accepted", reason: manyNames },
  { id: "pathological::nc-dos-2", ours: "accepted", reason: manyNames },
  { id: "pathological::nc-dos-3", ours: "accepted", reason: manyNames },
  {
    id: "webpki::forbidden-dsa-root",
    ours: "refused",
    reason: "DSA is no algorithm that the service documents for devices or their CAs, and judgePath does not verify it",
  },
];
