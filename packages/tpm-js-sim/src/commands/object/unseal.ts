import { command, user } from "../../memory/command.js";
import { algorithms } from "../../tables/algorithms.js";
import { has, objectAttributes } from "../../tables/attributes.js";
import { struct } from "../../wire/codec.js";
import { Tpm2bSensitiveData } from "../../wire/structures.js";
import { handle, TpmError } from "../../wire/tpm-error.js";

const usable = objectAttributes.decrypt | objectAttributes.sign | objectAttributes.restricted;

/** Part 3, TPM2_Unseal */
export const unseal = command({
  name: "Unseal",
  code: 0x15e,
  handles: [user("key")],
  parameters: struct({}),
  response: struct({ outData: Tpm2bSensitiveData }),
  run: (_memory, [{ key }]) => {
    const { publicArea, secret } = key;
    if (publicArea.type !== algorithms.keyedHash || secret.kind !== "hmac") throw new TpmError("type", handle(1));
    if (has(publicArea.objectAttributes, usable)) throw new TpmError("attributes", handle(1));
    return { outData: secret.key };
  },
});
