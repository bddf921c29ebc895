import { struct, u16, u32 } from "../codec.js";
import { command } from "../command.js";
import { digest } from "../crypto.js";
import { hashOf } from "../hashes.js";
import { Tpm2bDigest, Tpm2bMaxBuffer, TpmtTicket } from "../structures.js";
import { ticketHierarchies } from "../tables/handles.js";
import { hashTicket } from "../tickets.js";
import { blaming, parameter, TpmError } from "../tpm-error.js";

/** Part 3, TPM2_Hash */
export const hash = command({
  name: "Hash",
  code: 0x17d,
  handles: [],
  parameters: struct({ data: Tpm2bMaxBuffer, hashAlg: u16, hierarchy: u32 }),
  response: struct({ outHash: Tpm2bDigest, validation: TpmtTicket }),
  run: (memory, _entities, { data, hashAlg, hierarchy }) => {
    blaming(parameter(2), () => hashOf(hashAlg));
    if (!ticketHierarchies.includes(hierarchy)) throw new TpmError("value", parameter(3));
    const outHash = digest(hashAlg, data);
    return { outHash, validation: hashTicket(memory, hierarchy, data, outHash) };
  },
});
