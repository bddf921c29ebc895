import type { Certificate } from "./certificate.js";

/** One check of a signature. */
export interface SignatureWork {
  /** Whose key is used. */
  readonly signer: Certificate;
  /** Whether the signer is the trusted certificate, or was proved by a chain of signatures to be under it. */
  readonly proved: boolean;
}

/**
 * What judging a chain may cost. Each method is asked before the work is done, and answers undefined when it may be
 * done, else the reason why not, in words. A result that is remembered costs nothing and is not asked for.
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
