import type { Certificate } from "./certificate.js";

/** One check of a signature. */
export interface SignatureWork {
  /** Whose key is used. */
  readonly signer: Certificate;
  /** Whether the signer is the trusted certificate, or was proved by a chain of signatures to be under it. */
  readonly proved: boolean;
}

/**
 * Limits of the work for judging a chain. Each method is called before the work, and returns undefined when the work may
 * be done, else the reason why not. A remembered result costs nothing, so no method is called for it.
 */
export interface Work {
  signature(work: SignatureWork): string | undefined;
  /** So many comparisons of a name with a name constraint. */
  comparisons(count: number): string | undefined;
}

/** All work may be done: for callers who trust the sender of the chain. */
export const unlimitedWork: Work = { signature: () => undefined, comparisons: () => undefined };

/** No signature is checked: names and key identifiers decide alone. */
export const noSignatures: Work = {
  signature: () => "only names are compared here",
  comparisons: () => undefined,
};

/** The same work, and the first reason for which something was not done. */
export function notingWork(work: Work): Work & { readonly reason: string | undefined } {
  let first: string | undefined;
  const noted = (reason: string | undefined) => {
    first ??= reason;
    return reason;
  };
  return {
    get reason() {
      return first;
    },
    signature: (asked) => noted(work.signature(asked)),
    comparisons: (count) => noted(work.comparisons(count)),
  };
}
