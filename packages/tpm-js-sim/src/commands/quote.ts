import { clockInfo, firmwareVersion } from "../clock.js";
import { struct } from "../codec.js";
import { command, user } from "../command.js";
import { digest } from "../crypto.js";
import { filteredSelection, pcrDigest } from "../pcrs.js";
import { checkSigner, chooseScheme, signDigest } from "../signing.js";
import {
  Tpm2bAttest,
  Tpm2bData,
  TpmlPcrSelection,
  TpmsAttestQuote,
  TpmtSignature,
  TpmtSigScheme,
} from "../structures.js";
import { tags } from "../tables/tags.js";
import { generatedValue } from "../tickets.js";
import { handle, parameter } from "../tpm-error.js";

/** Part 3, TPM2_Quote. Counters and version are given as they are to every key: there is nobody to track. */
export const quote = command({
  name: "Quote",
  code: 0x158,
  handles: [user("key")],
  parameters: struct({ qualifyingData: Tpm2bData, inScheme: TpmtSigScheme, pcrSelect: TpmlPcrSelection }),
  response: struct({ quoted: Tpm2bAttest, signature: TpmtSignature }),
  run: (memory, [{ key }], { qualifyingData, inScheme, pcrSelect }) => {
    checkSigner(key, handle(1));
    const scheme = chooseScheme(key, inScheme, parameter(2));
    const quoted = TpmsAttestQuote.encode({
      magic: generatedValue,
      type: tags.attestQuote,
      qualifiedSigner: key.qualifiedName,
      extraData: qualifyingData,
      clockInfo: clockInfo(memory),
      firmwareVersion,
      pcrSelect: filteredSelection(pcrSelect),
      pcrDigest: pcrDigest(memory, scheme.hashAlg, pcrSelect),
    });
    return { quoted, signature: signDigest(memory, key, scheme, digest(scheme.hashAlg, quoted)) };
  },
});
