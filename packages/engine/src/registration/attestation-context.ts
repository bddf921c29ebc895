import type { AttestationContext } from "../attestation/judging/verdict.js";
import type { EngineContext } from "./context.js";

/** The context for attestation at the current time. */
export function attestationContext(context: EngineContext): AttestationContext {
  const { store, certificates, challenges, mayExplain } = context;
  const { idScope, strictX509 = false, knownVersionsOnly = false } = context.options;
  return { store, certificates, challenges, mayExplain, idScope, strictX509, knownVersionsOnly, now: context.clock() };
}
