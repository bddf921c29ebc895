import { newSession } from "../../authorization/session-keys.js";
import { openSecret } from "../../keys/keys.js";
import { command, type Entity, plain } from "../../memory/command.js";
import type { Session } from "../../memory/state.js";
import { algorithms } from "../../tables/algorithms.js";
import { has, objectAttributes } from "../../tables/attributes.js";
import { firstHandles } from "../../tables/handles.js";
import { sessionTypes } from "../../tables/tags.js";
import { checked, struct, u8 } from "../../wire/codec.js";
import { freeHandle } from "../../wire/free-handle.js";
import { hashOf } from "../../wire/hashes.js";
import { Tpm2bDigest, Tpm2bEncryptedSecret, TpmiAlgHash, TpmtSymDef } from "../../wire/structures.js";
import { handle as handlePlace, parameter, TpmError } from "../../wire/tpm-error.js";

const types: ReadonlyMap<number, Session["type"]> = new Map([
  [sessionTypes.hmac, "hmac"],
  [sessionTypes.policy, "policy"],
  [sessionTypes.trial, "trial"],
]);

const TpmSe = checked(u8, (value) => types.has(value), "value");

/** Decrypts the salt of a session. Without a key there must be no salt; with a key there must be one. */
function saltOf(tpmKey: Entity, encryptedSalt: Buffer): Buffer {
  if (tpmKey.is === "sequence") throw new TpmError("key", handlePlace(1));
  if (tpmKey.is !== "key") {
    if (encryptedSalt.length > 0) throw new TpmError("value", parameter(2));
    return encryptedSalt;
  }
  const { publicArea, secret } = tpmKey.key;
  if (publicArea.type !== algorithms.rsa && publicArea.type !== algorithms.ecc)
    throw new TpmError("key", handlePlace(1));
  if (encryptedSalt.length === 0) throw new TpmError("value", parameter(2));
  if (secret.kind === "none") throw new TpmError("handle", handlePlace(1));
  if (!has(publicArea.objectAttributes, objectAttributes.decrypt)) throw new TpmError("attributes", handlePlace(1));
  try {
    const salt = openSecret(tpmKey.key, "SECRET", encryptedSalt);
    if (salt.length <= hashOf(publicArea.nameAlg).digestSize) return salt;
  } catch (error) {
    if (!(error instanceof TpmError)) throw error;
  }
  // All faults of the salt have the same code.
  throw new TpmError("value", parameter(2));
}

/** Part 3, TPM2_StartAuthSession */
export const startAuthSession = command({
  name: "StartAuthSession",
  code: 0x176,
  handles: [plain("objectOrNull"), plain("entityOrNull")],
  parameters: struct({
    nonceCaller: Tpm2bDigest,
    encryptedSalt: Tpm2bEncryptedSecret,
    sessionType: TpmSe,
    symmetric: TpmtSymDef,
    authHash: TpmiAlgHash,
  }),
  response: struct({ nonceTpm: Tpm2bDigest }),
  makesHandle: true,
  run: (memory, [tpmKey, bind], { nonceCaller, encryptedSalt, sessionType, symmetric, authHash: hashAlg }) => {
    const { digestSize } = hashOf(hashAlg);
    if (nonceCaller.length < 16 || nonceCaller.length > digestSize) throw new TpmError("size", parameter(1));
    const salt = saltOf(tpmKey, encryptedSalt);
    // A key without a private part has no auth value to bind to.
    if (bind.is === "key" && bind.key.secret.kind === "none") throw new TpmError("handle", handlePlace(2));
    if (symmetric.algorithm === algorithms.aes && symmetric.mode !== algorithms.cfb) {
      throw new TpmError("mode", parameter(4));
    }
    const type = types.get(sessionType) ?? "hmac";
    const first = type === "hmac" ? firstHandles.hmacSession : firstHandles.policySession;
    const handle = freeHandle(first, [...memory.sessions.keys(), ...memory.savedSessions.keys()], "sessionMemory");
    const nonceTpm = memory.random(nonceCaller.length);
    memory.sessions.set(handle, newSession(memory, { type, hashAlg, symmetric, nonceTpm, nonceCaller, bind, salt }));
    return { handle, response: { nonceTpm } };
  },
});
