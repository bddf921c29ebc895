import { sealSecret, type TpmKey } from "../../keys/keys.js";
import { wrap, wrapInner } from "../../keys/protection.js";
import { isStorageKey } from "../../keys/public-checks.js";
import { command, dup, plain } from "../../memory/command.js";
import type { TpmMemory } from "../../memory/state.js";
import { sensitiveAreaOf, symmetricBits } from "../../objects/storage.js";
import { algorithms } from "../../tables/algorithms.js";
import { has, objectAttributes } from "../../tables/attributes.js";
import { struct } from "../../wire/codec.js";
import {
  Tpm2bData,
  Tpm2bEncryptedSecret,
  Tpm2bPrivate,
  Tpm2bSensitive,
  TpmtSymDefObjectIn,
} from "../../wire/structures.js";
import { handle, parameter, TpmError } from "../../wire/tpm-error.js";

/** TPM_CC_Duplicate; PolicyDuplicationSelect allows nothing else. */
export const duplicateCode = 0x14b;

const nothing = Buffer.alloc(0);

/** Wraps for a new parent. Without a parent there is no outer wrapper. */
export function wrapFor(memory: TpmMemory, parent: TpmKey | undefined, name: Buffer, inner: Buffer) {
  if (parent === undefined) return { duplicate: inner, outSymSeed: nothing };
  const { seed, encrypted: outSymSeed } = sealSecret(parent.publicArea, "DUPLICATE", memory.random);
  const wrapper = { hashAlg: parent.publicArea.nameAlg, keyBits: symmetricBits(parent.publicArea), seed, name };
  return { duplicate: wrap(wrapper, inner), outSymSeed };
}

/** Part 3, TPM2_Duplicate: the inverse of Import. */
export const duplicateCommand = command({
  name: "Duplicate",
  code: duplicateCode,
  handles: [dup("key"), plain("objectOrNull")],
  parameters: struct({ encryptionKeyIn: Tpm2bData, symmetricAlg: TpmtSymDefObjectIn }),
  response: struct({ encryptionKeyOut: Tpm2bData, duplicate: Tpm2bPrivate, outSymSeed: Tpm2bEncryptedSecret }),
  run: (memory, [{ key, name }, newParent], { encryptionKeyIn, symmetricAlg }) => {
    const { objectAttributes: bits, nameAlg } = key.publicArea;
    const encrypted = has(bits, objectAttributes.encryptedDuplication);
    if (has(bits, objectAttributes.fixedParent)) throw new TpmError("attributes", handle(1));
    const parent = newParent.is === "key" ? newParent.key : undefined;
    if (parent === undefined && encrypted) throw new TpmError("hierarchy", handle(2));
    const suits = newParent.is === "hierarchy" || (parent !== undefined && isStorageKey(parent.publicArea));
    if (!suits) throw new TpmError("type", handle(2));
    const size = symmetricAlg.algorithm === algorithms.aes ? symmetricAlg.keyBits / 8 : 0;
    if (size === 0 && encrypted) throw new TpmError("symmetric", parameter(2));
    const given = encryptionKeyIn.length > 0;
    if (given && encryptionKeyIn.length !== size) throw new TpmError("size", parameter(1));
    const encryptionKeyOut = given ? nothing : memory.random(size);
    const sensitive = Tpm2bSensitive.encode(sensitiveAreaOf(key));
    const innerKey = given ? encryptionKeyIn : encryptionKeyOut;
    const inner = size === 0 ? sensitive : wrapInner(nameAlg, innerKey, name, sensitive);
    return { encryptionKeyOut, ...wrapFor(memory, parent, name, inner) };
  },
});
