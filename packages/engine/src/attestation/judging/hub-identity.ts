import type { HubAccess } from "./attestation.js";
import type { ProofOf } from "./verdict.js";

/** The hub authenticates the device by the credential that was judged here: nothing is created or kept for it. */
export const hubIdentityAccess = ({ authentication }: ProofOf<"hubIdentity">): HubAccess => ({ authentication });
