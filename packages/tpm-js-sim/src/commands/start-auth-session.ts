import { checked, struct, u8 } from "../codec.js";
import { command, plain } from "../command.js";
import { hashOf } from "../hashes.js";
import { freeHandle } from "../slots.js";
import type { Session } from "../state.js";
import { Tpm2bDigest, Tpm2bEncryptedSecret, TpmiAlgHash, TpmtSymDef } from "../structures.js";
import { firstHandles, hierarchies } from "../tables/handles.js";
import { sessionTypes } from "../tables/tags.js";
import { handle as handlePlace, parameter, TpmError } from "../tpm-error.js";

const types: ReadonlyMap<number, Session["type"]> = new Map([
  [sessionTypes.hmac, "hmac"],
  [sessionTypes.policy, "policy"],
  [sessionTypes.trial, "trial"],
]);

const TpmSe = checked(u8, (value) => types.has(value), "value");

/** Part 3, TPM2_StartAuthSession. Salted and bound sessions are refused: none of the clients that we know starts one. */
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
  run: (memory, [tpmKey, bind], { nonceCaller, encryptedSalt, sessionType, authHash }) => {
    const { digestSize } = hashOf(authHash);
    if (nonceCaller.length < 16 || nonceCaller.length > digestSize) throw new TpmError("size", parameter(1));
    // A key and a salt go together.
    if ((tpmKey.handle === hierarchies.null) !== (encryptedSalt.length === 0))
      throw new TpmError("value", parameter(2));
    if (tpmKey.handle !== hierarchies.null) throw new TpmError("attributes", handlePlace(1));
    if (bind.handle !== hierarchies.null) throw new TpmError("attributes", handlePlace(2));
    const type = types.get(sessionType) ?? "hmac";
    const first = type === "hmac" ? firstHandles.hmacSession : firstHandles.policySession;
    const handle = freeHandle(first, [...memory.sessions.keys(), ...memory.savedSessions.keys()], "sessionMemory");
    const nonceTpm = memory.random(nonceCaller.length);
    const policyDigest = Buffer.alloc(digestSize);
    memory.sessions.set(handle, {
      type,
      hashAlg: authHash,
      nonceTpm,
      policyDigest,
      cpHash: undefined,
      commandCode: undefined,
      wants: "nothing",
      pcrCounter: undefined,
    });
    return { handle, response: { nonceTpm } };
  },
});
