import type { HubAccess } from "./attestation.js";
import type { ProofOf } from "./verdict.js";

/** The hub knows a device by what the device was judged with: nothing is made for it, and nothing kept. */
export const hubIdentityAccess = ({ authentication }: ProofOf<"hubIdentity">): HubAccess => ({ authentication });
