import { command, user } from "../../memory/command.js";
import { filteredSelection, pcrDigest } from "../../memory/pcrs.js";
import { attest, signerOf } from "../../objects/attestation.js";
import { algorithms } from "../../tables/algorithms.js";
import { tags } from "../../tables/tags.js";
import { struct } from "../../wire/codec.js";
import {
  Tpm2bAttest,
  Tpm2bData,
  TpmlPcrSelection,
  TpmsQuoteInfo,
  TpmtSignatureOrNull,
  TpmtSigScheme,
} from "../../wire/structures.js";

/** Part 3, TPM2_Quote. With NULL for the key nothing is signed. */
export const quote = command({
  name: "Quote",
  code: 0x158,
  handles: [user("objectOrNull")],
  parameters: struct({ qualifyingData: Tpm2bData, inScheme: TpmtSigScheme, pcrSelect: TpmlPcrSelection }),
  response: struct({ quoted: Tpm2bAttest, signature: TpmtSignatureOrNull }),
  run: (memory, [entity], { qualifyingData: extraData, inScheme, pcrSelect }) => {
    const signer = signerOf(entity, inScheme, { handle: 1, scheme: 2 });
    const hashAlg = signer?.scheme.hashAlg ?? algorithms.sha256;
    const value = { pcrSelect: filteredSelection(pcrSelect), pcrDigest: pcrDigest(memory, hashAlg, pcrSelect) };
    const what = { type: tags.attestQuote, extraData, codec: TpmsQuoteInfo, value };
    const { attested: quoted, signature } = attest(memory, signer, what);
    return { quoted, signature };
  },
});
