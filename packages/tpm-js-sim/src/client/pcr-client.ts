import { KeyObject } from "node:crypto";
import { quote } from "../commands/attestation/quote.js";
import { flushContext } from "../commands/context/flush-context.js";
import { createPrimary } from "../commands/hierarchy/create-primary.js";
import { pcrRead } from "../commands/pcr/pcr-read.js";
import { publicKeyOf } from "../keys/keys.js";
import { attestationKeyTemplate } from "../keys/templates.js";
import { algorithms } from "../tables/algorithms.js";
import { hierarchies, passwordSession } from "../tables/handles.js";
import { pcrCount } from "../tables/properties.js";
import { type TpmsAuthCommand, TpmtSignatureOrNull } from "../wire/structures.js";
import { callTpm, type TpmSend } from "./call-tpm.js";

const empty = Buffer.alloc(0);
const password: TpmsAuthCommand = { sessionHandle: passwordSession, nonce: empty, attributes: 1, hmac: empty };

/** A bank of PCRs by its name. */
export type PcrBank = "sha1" | "sha256";

function selectionOf(bank: PcrBank, pcrs: readonly number[]) {
  const select = Buffer.alloc(pcrCount / 8);
  for (const pcr of pcrs) select[pcr >> 3] = (select[pcr >> 3] ?? 0) | (1 << (pcr & 7));
  return [{ hash: algorithms[bank], select }];
}

/**
 * Values of PCRs, in the order asked for.
 * @throws TpmCommandError when the TPM refuses
 */
export function readPcrs(send: TpmSend, bank: PcrBank, pcrs: readonly number[]): readonly Buffer[] {
  return pcrs.map((pcr) => {
    const { parameters } = callTpm(send, pcrRead, {
      handles: [],
      parameters: { pcrSelectionIn: selectionOf(bank, [pcr]) },
    });
    return parameters.pcrValues[0] ?? empty;
  });
}

/** The input of {@link quotePcrs}. */
export interface QuoteInput {
  readonly bank: PcrBank;
  readonly pcrs: readonly number[];
  /** from the verifier, at most 66 bytes: proves that the quote is new */
  readonly nonce: Uint8Array;
}

/** A quote, in the forms that `tpm2_checkquote` reads. */
export interface PcrQuote {
  /** SPKI */
  readonly attestationKey: KeyObject;
  /** TPMS_ATTEST */
  readonly quoted: Buffer;
  /** TPMT_SIGNATURE */
  readonly signature: Buffer;
}

/**
 * Has the TPM sign its PCRs with an attestation key: a restricted RSA key in the endorsement hierarchy, always the same.
 * @throws TpmCommandError when the TPM refuses
 */
export function quotePcrs(send: TpmSend, { bank, pcrs, nonce }: QuoteInput): PcrQuote {
  const made = callTpm(send, createPrimary, {
    handles: [hierarchies.endorsement],
    authorizations: [password],
    parameters: {
      inSensitive: { userAuth: empty, data: empty },
      inPublic: attestationKeyTemplate,
      outsideInfo: empty,
      creationPcr: [],
    },
  });
  try {
    const { parameters } = callTpm(send, quote, {
      handles: [made.handle],
      authorizations: [password],
      parameters: {
        qualifyingData: Buffer.from(nonce),
        inScheme: { scheme: algorithms.null },
        pcrSelect: selectionOf(bank, pcrs),
      },
    });
    const attestationKey = publicKeyOf(made.parameters.outPublic);
    if (!(attestationKey instanceof KeyObject)) throw new TypeError("the attestation key is not an RSA key");
    return { attestationKey, quoted: parameters.quoted, signature: TpmtSignatureOrNull.encode(parameters.signature) };
  } finally {
    callTpm(send, flushContext, { handles: [], parameters: { flushHandle: made.handle } });
  }
}
