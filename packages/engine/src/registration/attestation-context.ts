import type { AttestationContext } from "../attestation/judging/verdict.js";
import type { EngineContext } from "./context.js";

/** The context for attestation at the current time. */
export function attestationContext(context: EngineContext): AttestationContext {
  const { store, certificates, proofs, challenges, mayExplain } = context;
  const { idScope, strictX509 = false, knownVersionsOnly = false } = context.options;
  const now = context.clock();
  return { store, certificates, proofs, challenges, mayExplain, idScope, strictX509, knownVersionsOnly, now };
}
