import { checkLabel, encryptionScheme, rsaDecrypt } from "../../keys/rsa-encryption.js";
import { command, user } from "../../memory/command.js";
import { has, objectAttributes } from "../../tables/attributes.js";
import { struct } from "../../wire/codec.js";
import { Tpm2bData, Tpm2bPublicKeyRsa, TpmtRsaDecrypt } from "../../wire/structures.js";
import { handle, parameter, TpmError } from "../../wire/tpm-error.js";

/** Part 3, TPM2_RSA_Decrypt */
export const rsaDecryptCommand = command({
  name: "RSA_Decrypt",
  code: 0x159,
  handles: [user("object")],
  parameters: struct({ cipherText: Tpm2bPublicKeyRsa, inScheme: TpmtRsaDecrypt, label: Tpm2bData }),
  response: struct({ message: Tpm2bPublicKeyRsa }),
  run: (_memory, [entity], { cipherText, inScheme, label }) => {
    if (entity.is !== "key") throw new TpmError("key", handle(1));
    const { key } = entity;
    const { secret, publicArea } = key;
    if (secret.kind !== "rsa") throw new TpmError("key", handle(1));
    const { objectAttributes: bits } = publicArea;
    const unrestricted = has(bits, objectAttributes.decrypt) && !has(bits, objectAttributes.restricted);
    if (!unrestricted) throw new TpmError("attributes", handle(1));
    checkLabel(label, parameter(3));
    const scheme = encryptionScheme(key, inScheme, { key: handle(1), scheme: parameter(2) });
    return { message: rsaDecrypt({ key: secret.key, scheme, label }, cipherText) };
  },
});
