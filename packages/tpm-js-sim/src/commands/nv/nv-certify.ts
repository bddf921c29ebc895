import { digest } from "../../crypto/crypto.js";
import { command, plain, user } from "../../memory/command.js";
import { checkNvAccess } from "../../memory/nv.js";
import { type Attested, attest, signerOf } from "../../objects/attestation.js";
import { algorithms } from "../../tables/algorithms.js";
import { nvBuffer } from "../../tables/properties.js";
import { tags } from "../../tables/tags.js";
import { struct, u16 } from "../../wire/codec.js";
import {
  Tpm2bAttest,
  Tpm2bData,
  TpmsNvCertifyInfo,
  TpmsNvDigestCertifyInfo,
  TpmtSignatureOrNull,
  TpmtSigScheme,
} from "../../wire/structures.js";
import { parameter, TpmError } from "../../wire/tpm-error.js";

/** Part 3, TPM2_NV_Certify: signs the content of an index, or its digest when size and offset are 0. */
export const nvCertify = command({
  name: "NV_Certify",
  code: 0x184,
  handles: [user("objectOrNull"), user("nvAuth"), plain("nvIndex")],
  parameters: struct({ qualifyingData: Tpm2bData, inScheme: TpmtSigScheme, size: u16, offset: u16 }),
  response: struct({ certifyInfo: Tpm2bAttest, signature: TpmtSignatureOrNull }),
  run: (
    memory,
    [entity, authority, { nv, name: indexName }],
    { qualifyingData: extraData, inScheme, size, offset },
  ) => {
    const signer = signerOf(entity, inScheme, { handle: 1, scheme: 2 });
    checkNvAccess("read", authority.handle, nv);
    if (offset + size > nv.data.length) throw new TpmError("nvRange");
    if (size > nvBuffer) throw new TpmError("value", parameter(3));
    const certified = <T>(what: Pick<Attested<T>, "type" | "codec" | "value">) => {
      const { attested: certifyInfo, signature } = attest(memory, signer, { ...what, extraData });
      return { certifyInfo, signature };
    };
    if (size > 0 || offset > 0) {
      const nvContents = nv.data.subarray(offset, offset + size);
      return certified({ type: tags.attestNv, codec: TpmsNvCertifyInfo, value: { indexName, offset, nvContents } });
    }
    const nvDigest = digest(signer?.scheme.hashAlg ?? algorithms.sha256, nv.data);
    return certified({ type: tags.attestNvDigest, codec: TpmsNvDigestCertifyInfo, value: { indexName, nvDigest } });
  },
});
