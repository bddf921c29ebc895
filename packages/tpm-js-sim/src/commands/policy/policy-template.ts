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
    const other = pinned !== undefined && !pinned.digest.equals(templateHash);
    if (other && pinned.to === "template") throw new TpmError("value", parameter(1));
    if (pinned !== undefined && pinned.to !== "template") throw new TpmError("cpHash");
    if (templateHash.length !== session.policyDigest.length) throw new TpmError("size", parameter(1));
    extendPolicy(session, code, templateHash);
    session.pinned = { to: "template", digest: templateHash };
    return {};
  },
});
