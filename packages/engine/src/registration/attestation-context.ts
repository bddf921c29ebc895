import type { AttestationContext } from "../attestation/judging/verdict.js";
import type { EngineContext } from "./context.js";

/** What attestation needs, as of now. */
export function attestationContext(context: EngineContext): AttestationContext {
  const { store, certificates, challenges, afford } = context;
  const { idScope, strictX509 = false, knownVersionsOnly = false } = context.options;
  return { store, certificates, challenges, afford, idScope, strictX509, knownVersionsOnly, now: context.clock() };
}
