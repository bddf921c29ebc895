import { sealSecret } from "../../keys/keys.js";
import { wrap } from "../../keys/protection.js";
import { isStorageKey } from "../../keys/public-checks.js";
import { command, plain } from "../../memory/command.js";
import { symmetricBits } from "../../objects/storage.js";
import { struct } from "../../wire/codec.js";
import { hashOf } from "../../wire/hashes.js";
import { Tpm2bDigest, Tpm2bEncryptedSecret, Tpm2bIdObject, Tpm2bName } from "../../wire/structures.js";
import { handle, parameter, TpmError } from "../../wire/tpm-error.js";

/** Part 3, TPM2_MakeCredential: the sender's half of ActivateCredential; the key's public part is enough. */
export const makeCredential = command({
  name: "MakeCredential",
  code: 0x168,
  handles: [plain("key")],
  parameters: struct({ credential: Tpm2bDigest, objectName: Tpm2bName }),
  response: struct({ credentialBlob: Tpm2bIdObject, secret: Tpm2bEncryptedSecret }),
  run: (memory, [{ key }], { credential, objectName: name }) => {
    if (!isStorageKey(key.publicArea)) throw new TpmError("type", handle(1));
    const hashAlg = key.publicArea.nameAlg;
    if (credential.length > hashOf(hashAlg).digestSize) throw new TpmError("size", parameter(1));
    const { seed, encrypted: secret } = sealSecret(key.publicArea, "IDENTITY", memory.random);
    const keyBits = symmetricBits(key.publicArea);
    const credentialBlob = wrap({ hashAlg, keyBits, seed, name }, Tpm2bDigest.encode(credential));
    return { credentialBlob, secret };
  },
});
