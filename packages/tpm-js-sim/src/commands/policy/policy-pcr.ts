import { digest } from "../../crypto/crypto.js";
import { command, plain } from "../../memory/command.js";
import { filteredSelection, pcrDigest } from "../../memory/pcrs.js";
import { struct, u32 } from "../../wire/codec.js";
import { Tpm2bDigest, TpmlPcrSelection } from "../../wire/structures.js";
import { parameter, TpmError } from "../../wire/tpm-error.js";

const code = 0x17f;

/** Part 3, TPM2_PolicyPCR: holds until any PCR changes. */
export const policyPcr = command({
  name: "PolicyPCR",
  code,
  handles: [plain("policySession")],
  parameters: struct({ pcrDigest: Tpm2bDigest, pcrs: TpmlPcrSelection }),
  response: struct({}),
  run: (memory, [{ session }], { pcrDigest: expected, pcrs }) => {
    const { hashAlg } = session;
    const selection = filteredSelection(pcrs);
    const trial = session.type === "trial";
    const current = pcrDigest(memory, hashAlg, selection);
    const changed = session.pcrCounter !== undefined && session.pcrCounter !== memory.pcrCounter;
    if (!trial && changed) throw new TpmError("pcrChanged");
    if (!trial && expected.length > 0 && !expected.equals(current)) throw new TpmError("value", parameter(1));
    const used = trial && expected.length > 0 ? expected : current;
    const selected = TpmlPcrSelection.encode(selection);
    session.policyDigest = digest(hashAlg, session.policyDigest, u32.encode(code), selected, used);
    if (!trial) session.pcrCounter = memory.pcrCounter;
    return {};
  },
});
