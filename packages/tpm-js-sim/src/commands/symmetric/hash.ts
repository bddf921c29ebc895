import { generatedValue, hashTicket, nullTicket } from "../../authorization/tickets.js";
import { digest } from "../../crypto/crypto.js";
import { command } from "../../memory/command.js";
import { tags } from "../../tables/tags.js";
import { struct } from "../../wire/codec.js";
import { Tpm2bDigest, Tpm2bMaxBuffer, TpmiAlgHash, TpmiRhHierarchy, TpmtTicket } from "../../wire/structures.js";

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
