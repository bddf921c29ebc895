import { struct } from "../codec.js";
import { command, plain } from "../command.js";
import { hashOf } from "../hashes.js";
import { sealSecret } from "../keys.js";
import { wrap } from "../protection.js";
import { isStorageKey } from "../public-checks.js";
import { symmetricBits } from "../storage.js";
import { Tpm2bDigest, Tpm2bEncryptedSecret, Tpm2bIdObject, Tpm2bName } from "../structures.js";
import { handle, parameter, TpmError } from "../tpm-error.js";

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
