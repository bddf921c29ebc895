import { extendPolicy } from "../../authorization/policy.js";
import { digest } from "../../crypto/crypto.js";
import { command, plain } from "../../memory/command.js";
import { struct, u8 } from "../../wire/codec.js";
import { Tpm2bName, TpmiYesNo } from "../../wire/structures.js";
import { TpmError } from "../../wire/tpm-error.js";
import { duplicateCode } from "../duplication/duplicate.js";

const code = 0x188;

/** Part 3, TPM2_PolicyDuplicationSelect: allows Duplicate to one new parent, of one object or of any. */
export const policyDuplicationSelect = command({
  name: "PolicyDuplicationSelect",
  code,
  handles: [plain("policySession")],
  parameters: struct({ objectName: Tpm2bName, newParentName: Tpm2bName, includeObject: TpmiYesNo }),
  response: struct({}),
  run: (_memory, [{ session }], { objectName, newParentName, includeObject }) => {
    if (session.pinned !== undefined) throw new TpmError("cpHash");
    if (session.commandCode !== undefined) throw new TpmError("commandCode");
    const named = includeObject === 1 ? [objectName, newParentName] : [newParentName];
    extendPolicy(session, code, ...named, u8.encode(includeObject));
    session.pinned = { to: "nameHash", digest: digest(session.hashAlg, objectName, newParentName) };
    session.commandCode = duplicateCode;
    return {};
  },
});
