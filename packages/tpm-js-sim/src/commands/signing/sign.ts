import { makeTicket, type Ticket } from "../../authorization/tickets.js";
import { command, user } from "../../memory/command.js";
import type { TpmMemory } from "../../memory/state.js";
import { checkSigner, chooseScheme, signDigest } from "../../objects/signing.js";
import { has, objectAttributes } from "../../tables/attributes.js";
import { hierarchies } from "../../tables/handles.js";
import { tags } from "../../tables/tags.js";
import { struct } from "../../wire/codec.js";
import { hashOf } from "../../wire/hashes.js";
import { Tpm2bDigest, TpmtSignature, TpmtSigScheme, ticketOf } from "../../wire/structures.js";
import { handle, parameter, TpmError } from "../../wire/tpm-error.js";

/** Whether a ticket proves that this TPM made the digest, of data that did not pretend to come from a TPM. */
function proves(memory: TpmMemory, ticket: Ticket, digest: Buffer): boolean {
  const ours = makeTicket(memory, tags.hashCheck, ticket.hierarchy, digest);
  return ticket.hierarchy !== hierarchies.null && ours.digest.equals(ticket.digest);
}

/** Part 3, TPM2_Sign */
export const sign = command({
  name: "Sign",
  code: 0x15d,
  handles: [user("key")],
  parameters: struct({ digest: Tpm2bDigest, inScheme: TpmtSigScheme, validation: ticketOf(tags.hashCheck) }),
  response: struct({ signature: TpmtSignature }),
  run: (memory, [{ key }], { digest, inScheme, validation }) => {
    checkSigner(key, handle(1));
    const scheme = chooseScheme(key, inScheme, parameter(2));
    const restricted = has(key.publicArea.objectAttributes, objectAttributes.restricted);
    const stated = restricted || validation.digest.length > 0;
    if (stated && !proves(memory, validation, digest)) throw new TpmError("ticket", parameter(3));
    if (digest.length !== hashOf(scheme.hashAlg).digestSize) throw new TpmError("size", parameter(1));
    return { signature: signDigest(memory, key, scheme, digest) };
  },
});
