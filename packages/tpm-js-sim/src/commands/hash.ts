import { struct } from "../codec.js";
import { command } from "../command.js";
import { digest } from "../crypto.js";
import { Tpm2bDigest, Tpm2bMaxBuffer, TpmiAlgHash, TpmiRhHierarchy, TpmtTicket } from "../structures.js";
import { tags } from "../tables/tags.js";
import { generatedValue, hashTicket, nullTicket } from "../tickets.js";

/** Part 3, TPM2_Hash */
export const hash = command({
  name: "Hash",
  code: 0x17d,
  handles: [],
  parameters: struct({ data: Tpm2bMaxBuffer, hashAlg: TpmiAlgHash, hierarchy: TpmiRhHierarchy }),
  response: struct({ outHash: Tpm2bDigest, validation: TpmtTicket }),
  run: (memory, _entities, { data, hashAlg, hierarchy }) => {
    const outHash = digest(hashAlg, data);
    const pretends = data.length >= 4 && data.readUInt32BE(0) === generatedValue;
    const validation = pretends ? nullTicket(tags.hashCheck) : hashTicket(memory, hierarchy, outHash);
    return { outHash, validation };
  },
});
