import { openSecret } from "../../keys/keys.js";
import { unwrap } from "../../keys/protection.js";
import { isStorageKey } from "../../keys/public-checks.js";
import { admin, command, user } from "../../memory/command.js";
import { symmetricBits } from "../../objects/storage.js";
import { decode, struct } from "../../wire/codec.js";
import { hashOf } from "../../wire/hashes.js";
import { Tpm2bDigest, Tpm2bEncryptedSecret, Tpm2bIdObject } from "../../wire/structures.js";
import { blaming, handle, parameter, TpmError } from "../../wire/tpm-error.js";

/** Part 3, TPM2_ActivateCredential */
export const activateCredential = command({
  name: "ActivateCredential",
  code: 0x147,
  handles: [admin("key"), user("key")],
  parameters: struct({ credentialBlob: Tpm2bIdObject, secret: Tpm2bEncryptedSecret }),
  response: struct({ certInfo: Tpm2bDigest }),
  run: (_memory, [{ name }, { key }], { credentialBlob, secret }) => {
    if (!isStorageKey(key.publicArea)) throw new TpmError("type", handle(2));
    const hashAlg = key.publicArea.nameAlg;
    const seed = blaming(parameter(2), () => openSecret(key, "IDENTITY", secret));
    const wrapper = { hashAlg, keyBits: symmetricBits(key.publicArea), seed, name };
    const certInfo = blaming(parameter(1), () => decode(Tpm2bDigest, unwrap(wrapper, credentialBlob)));
    if (certInfo.length > hashOf(hashAlg).digestSize) throw new TpmError("size", parameter(1));
    return { certInfo };
  },
});
