import { openSecret, publicAreaName, type TpmKey } from "../../keys/keys.js";
import { secretOf } from "../../keys/private-key-bytes.js";
import { readSensitive, unwrap, unwrapInner } from "../../keys/protection.js";
import { checkPublicArea, isStorageKey } from "../../keys/public-checks.js";
import { command, user } from "../../memory/command.js";
import { paddedAuth, seal, symmetricBits } from "../../objects/storage.js";
import { algorithms } from "../../tables/algorithms.js";
import { has, objectAttributes } from "../../tables/attributes.js";
import { struct } from "../../wire/codec.js";
import { hashOf } from "../../wire/hashes.js";
import {
  Tpm2bData,
  Tpm2bEncryptedSecret,
  Tpm2bPrivate,
  Tpm2bPublicIn,
  type TpmtPublic,
  type TpmtSensitive,
  TpmtSymDefObject,
} from "../../wire/structures.js";
import { blaming, handle, parameter, TpmError } from "../../wire/tpm-error.js";

const fixed = objectAttributes.fixedTpm | objectAttributes.fixedParent;

interface Duplicate {
  readonly parent: TpmKey;
  readonly area: TpmtPublic;
  readonly duplicate: Buffer;
  readonly outerSeed: Buffer | undefined;
  readonly innerKey: Buffer;
}

/** Removes the outer and the inner wrapper, if present. */
function open({ parent, area, duplicate, outerSeed, innerKey }: Duplicate): TpmtSensitive {
  const name = publicAreaName(area);
  const { nameAlg: hashAlg } = parent.publicArea;
  const keyBits = symmetricBits(parent.publicArea);
  const inner = outerSeed === undefined ? duplicate : unwrap({ hashAlg, keyBits, seed: outerSeed, name }, duplicate);
  const sensitive = innerKey.length === 0 ? inner : unwrapInner(area.nameAlg, innerKey, name, inner);
  return readSensitive(sensitive);
}

/** Part 3, TPM2_Import: a key that was wrapped for this parent becomes one that the parent can load. */
export const importKey = command({
  name: "Import",
  code: 0x156,
  handles: [user("key")],
  parameters: struct({
    encryptionKey: Tpm2bData,
    objectPublic: Tpm2bPublicIn,
    duplicate: Tpm2bPrivate,
    inSymSeed: Tpm2bEncryptedSecret,
    symmetricAlg: TpmtSymDefObject,
  }),
  response: struct({ outPrivate: Tpm2bPrivate }),
  run: (memory, [{ key: parent }], { encryptionKey, objectPublic: area, duplicate, inSymSeed, symmetricAlg }) => {
    // Before anything is decrypted: a fixed object can have no duplicate.
    if (has(area.objectAttributes, fixed)) throw new TpmError("attributes", parameter(2));
    if (!isStorageKey(parent.publicArea)) throw new TpmError("type", handle(1));
    const innerBits = symmetricAlg.algorithm === algorithms.aes ? symmetricAlg.keyBits : 0;
    if (![0, 128, 256].includes(innerBits)) throw new TpmError("value", parameter(5));
    if (encryptionKey.length * 8 !== innerBits) throw new TpmError("size", parameter(1));
    const encrypted = has(area.objectAttributes, objectAttributes.encryptedDuplication);
    if (encrypted && innerBits === 0) throw new TpmError("attributes", parameter(1));
    if (encrypted && inSymSeed.length === 0) throw new TpmError("attributes", parameter(4));
    const outerSeed =
      inSymSeed.length === 0 ? undefined : blaming(parameter(4), () => openSecret(parent, "DUPLICATE", inSymSeed));
    if (outerSeed !== undefined && outerSeed.length > hashOf(parent.publicArea.nameAlg).digestSize) {
      throw new TpmError("size", parameter(4));
    }
    const sensitive = blaming(parameter(3), () =>
      open({ parent, area, duplicate, outerSeed, innerKey: encryptionKey }),
    );
    // After the wrappers, as in the reference implementation: a changed public area shows as a failed integrity check.
    // Load checks the key under any parent; Import only under a parent that never leaves this TPM.
    if (has(parent.publicArea.objectAttributes, objectAttributes.fixedTpm)) {
      blaming(parameter(2), () => checkPublicArea(area, parent.publicArea.objectAttributes));
      secretOf(area, sensitive, { public: parameter(2), sensitive: parameter(3) });
    }
    const padded = { ...sensitive, authValue: paddedAuth(sensitive.authValue, area.nameAlg) };
    return { outPrivate: seal(parent, publicAreaName(area), padded, memory.random(16)) };
  },
});
