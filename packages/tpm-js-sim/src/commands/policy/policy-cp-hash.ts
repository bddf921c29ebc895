import { extendPolicy } from "../../authorization/policy.js";
import { command, plain } from "../../memory/command.js";
import { struct } from "../../wire/codec.js";
import { Tpm2bDigest } from "../../wire/structures.js";
import { parameter, TpmError } from "../../wire/tpm-error.js";

const code = 0x16e;

/** Part 3, TPM2_PolicyCpHash: allows one command with one set of parameters. */
export const policyCpHash = command({
  name: "PolicyCpHash",
  code,
  handles: [plain("policySession")],
  parameters: struct({ cpHashA: Tpm2bDigest }),
  response: struct({}),
  run: (_memory, [{ session }], { cpHashA }) => {
    const { pinned } = session;
    if (cpHashA.length !== session.policyDigest.length) throw new TpmError("size", parameter(1));
    // One field holds the digest, whatever it is of: an equal digest of another kind is refused too.
    const sameKind = pinned?.to === "cpHash" || pinned?.to === "cpHashAndTemplate";
    if (pinned !== undefined && !(sameKind && pinned.digest.equals(cpHashA))) throw new TpmError("cpHash");
    extendPolicy(session, code, cpHashA);
    session.pinned = pinned ?? { to: "cpHash", digest: cpHashA };
    return {};
  },
});
