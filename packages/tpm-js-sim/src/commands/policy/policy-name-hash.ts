import { extendPolicy } from "../../authorization/policy.js";
import { command, plain } from "../../memory/command.js";
import { struct } from "../../wire/codec.js";
import { Tpm2bDigest } from "../../wire/structures.js";
import { parameter, TpmError } from "../../wire/tpm-error.js";

const code = 0x170;

/** Part 3, TPM2_PolicyNameHash: allows any command, on these objects only. */
export const policyNameHash = command({
  name: "PolicyNameHash",
  code,
  handles: [plain("policySession")],
  parameters: struct({ nameHash: Tpm2bDigest }),
  response: struct({}),
  run: (_memory, [{ session }], { nameHash }) => {
    if (nameHash.length !== session.policyDigest.length) throw new TpmError("size", parameter(1));
    if (session.pinned !== undefined) throw new TpmError("cpHash");
    extendPolicy(session, code, nameHash);
    session.pinned = { to: "nameHash", digest: nameHash };
    return {};
  },
});
