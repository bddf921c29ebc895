import type { AttestationKind } from "@rollcall/protocol";
import type { Proving } from "./proving/proving.js";
import { symmetricKey } from "./symmetric-key/symmetric-key.js";
import { tpm } from "./tpm/tpm.js";
import { x509 } from "./x509/x509.js";

/** How devices of every kind prove their identity; each kind has its folder. */
export const provings: Readonly<Record<AttestationKind, Proving>> = { symmetricKey, x509, tpm };
