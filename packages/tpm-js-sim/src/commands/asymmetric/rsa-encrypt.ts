import { publicKeyOf } from "../../keys/keys.js";
import { checkLabel, encryptionScheme, rsaEncrypt } from "../../keys/rsa-encryption.js";
import { command, plain } from "../../memory/command.js";
import { struct } from "../../wire/codec.js";
import { Tpm2bData, Tpm2bPublicKeyRsa, TpmtRsaDecrypt } from "../../wire/structures.js";
import { handle, parameter, TpmError } from "../../wire/tpm-error.js";

/** Part 3, TPM2_RSA_Encrypt: the key's public part is enough. */
export const rsaEncryptCommand = command({
  name: "RSA_Encrypt",
  code: 0x174,
  handles: [plain("object")],
  parameters: struct({ message: Tpm2bPublicKeyRsa, inScheme: TpmtRsaDecrypt, label: Tpm2bData }),
  response: struct({ outData: Tpm2bPublicKeyRsa }),
  run: (memory, [entity], { message, inScheme, label }) => {
    if (entity.is !== "key") throw new TpmError("key", handle(1));
    const { key } = entity;
    const publicKey = publicKeyOf(key.publicArea);
    if (publicKey?.asymmetricKeyType !== "rsa") throw new TpmError("key", handle(1));
    checkLabel(label, parameter(3));
    const scheme = encryptionScheme(key, inScheme, { key: handle(1), scheme: parameter(2) });
    return { outData: rsaEncrypt({ key: publicKey, scheme, label }, message, memory.random) };
  },
});
