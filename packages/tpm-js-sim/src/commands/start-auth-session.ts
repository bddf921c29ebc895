import { struct, u8, u16 } from "../codec.js";
import { command, plain } from "../command.js";
import { hashOf } from "../hashes.js";
import { freeHandle } from "../slots.js";
import type { Session } from "../state.js";
import { Tpm2bDigest, Tpm2bEncryptedSecret, TpmtSymDef } from "../structures.js";
import { firstHandles, hierarchies } from "../tables/handles.js";
import { sessionTypes } from "../tables/tags.js";
import { blaming, handle as handlePlace, parameter, TpmError } from "../tpm-error.js";

const types: ReadonlyMap<number, Session["type"]> = new Map([
  [sessionTypes.hmac, "hmac"],
  [sessionTypes.policy, "policy"],
  [sessionTypes.trial, "trial"],
]);

/** Part 3, TPM2_StartAuthSession. Salted and bound sessions are refused: none of the clients that we know starts one. */
export const startAuthSession = command({
  name: "StartAuthSession",
  code: 0x176,
  handles: [plain("objectOrNull"), plain("entityOrNull")],
  parameters: struct({
    nonceCaller: Tpm2bDigest,
    encryptedSalt: Tpm2bEncryptedSecret,
    sessionType: u8,
    symmetric: TpmtSymDef,
    authHash: u16,
  }),
  response: struct({ nonceTpm: Tpm2bDigest }),
  makesHandle: true,
  run: (memory, [tpmKey, bind], { nonceCaller, encryptedSalt, sessionType, authHash }) => {
    if (tpmKey.handle !== hierarchies.null) throw new TpmError("attributes", handlePlace(1));
    if (bind.handle !== hierarchies.null) throw new TpmError("attributes", handlePlace(2));
    if (encryptedSalt.length > 0) throw new TpmError("value", parameter(2));
    const type = types.get(sessionType);
    if (type === undefined) throw new TpmError("value", parameter(3));
    const { digestSize } = blaming(parameter(5), () => hashOf(authHash));
    if (nonceCaller.length < 16 || nonceCaller.length > digestSize) throw new TpmError("size", parameter(1));
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
