import { firmwareVersion, timeInfo } from "../../memory/clock.js";
import { command, user } from "../../memory/command.js";
import { attest, signerOf } from "../../objects/attestation.js";
import { tags } from "../../tables/tags.js";
import { struct } from "../../wire/codec.js";
import {
  Tpm2bAttest,
  Tpm2bData,
  TpmsTimeAttestInfo,
  TpmtSignatureOrNull,
  TpmtSigScheme,
} from "../../wire/structures.js";

/** Part 3, TPM2_GetTime: the TPM's time, signed. */
export const getTime = command({
  name: "GetTime",
  code: 0x14c,
  handles: [user("privacyAdmin"), user("objectOrNull")],
  parameters: struct({ qualifyingData: Tpm2bData, inScheme: TpmtSigScheme }),
  response: struct({ timeInfo: Tpm2bAttest, signature: TpmtSignatureOrNull }),
  run: (memory, [, entity], { qualifyingData: extraData, inScheme }) => {
    const signer = signerOf(entity, inScheme, { handle: 2, scheme: 2 });
    const value = { ...timeInfo(memory), firmwareVersion };
    const what = { type: tags.attestTime, extraData, codec: TpmsTimeAttestInfo, value };
    const { attested, signature } = attest(memory, signer, what);
    return { timeInfo: attested, signature };
  },
});
