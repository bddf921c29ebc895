import { makeTicket, nullTicket } from "../../authorization/tickets.js";
import { command, plain } from "../../memory/command.js";
import { verifyDigest } from "../../objects/signing.js";
import { has, objectAttributes } from "../../tables/attributes.js";
import { hierarchies } from "../../tables/handles.js";
import { tags } from "../../tables/tags.js";
import { struct } from "../../wire/codec.js";
import { Tpm2bDigest, TpmtSignature, TpmtTicket } from "../../wire/structures.js";
import { blaming, handle, parameter, TpmError } from "../../wire/tpm-error.js";

/** Part 3, TPM2_VerifySignature */
export const verifySignature = command({
  name: "VerifySignature",
  code: 0x177,
  handles: [plain("key")],
  parameters: struct({ digest: Tpm2bDigest, signature: TpmtSignature }),
  response: struct({ validation: TpmtTicket }),
  run: (memory, [{ key }], { digest, signature }) => {
    if (!has(key.publicArea.objectAttributes, objectAttributes.sign)) throw new TpmError("attributes", handle(1));
    const right = blaming(parameter(2), () => verifyDigest(key, digest, signature));
    if (!right) throw new TpmError("signature", parameter(2));
    if (key.hierarchy === hierarchies.null) return { validation: nullTicket(tags.verified) };
    return { validation: makeTicket(memory, tags.verified, key.hierarchy, digest, key.name) };
  },
});
