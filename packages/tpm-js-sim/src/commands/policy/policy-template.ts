import { extendPolicy } from "../../authorization/policy.js";
import { command, plain } from "../../memory/command.js";
import { struct } from "../../wire/codec.js";
import { Tpm2bDigest } from "../../wire/structures.js";
import { parameter, TpmError } from "../../wire/tpm-error.js";

const code = 0x190;

/** Part 3, TPM2_PolicyTemplate: allows new keys of this template only. */
export const policyTemplate = command({
  name: "PolicyTemplate",
  code,
  handles: [plain("policySession")],
  parameters: struct({ templateHash: Tpm2bDigest }),
  response: struct({}),
  run: (_memory, [{ session }], { templateHash }) => {
    const { pinned } = session;
    const sameKind = pinned?.to === "template" || pinned?.to === "cpHashAndTemplate";
    if (pinned !== undefined && !sameKind) throw new TpmError("cpHash");
    if (pinned?.digest.equals(templateHash) === false) throw new TpmError("value", parameter(1));
    if (templateHash.length !== session.policyDigest.length) throw new TpmError("size", parameter(1));
    extendPolicy(session, code, templateHash);
    session.pinned = pinned ?? { to: "template", digest: templateHash };
    return {};
  },
});
