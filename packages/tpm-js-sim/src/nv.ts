import { decode } from "./codec.js";
import { nameOf } from "./crypto.js";
import { Tpm2bNvPublic, TpmsNvPublic } from "./structures.js";
import { has, nvAttributes } from "./tables/attributes.js";
import { hierarchies } from "./tables/handles.js";
import { TpmError } from "./tpm-error.js";

/** An index of non-volatile memory. */
export interface NvIndex {
  publicArea: TpmsNvPublic;
  readonly authValue: Buffer;
  readonly data: Buffer;
}

/** An index as JSON; the binary values are base64. */
export interface NvState {
  readonly index: number;
  /** TPM2B_NV_PUBLIC */
  readonly public: string;
  readonly authValue: string;
  readonly data: string;
}

export function nvStateOf({ publicArea, authValue, data }: NvIndex): NvState {
  return {
    index: publicArea.nvIndex,
    public: Tpm2bNvPublic.encode(publicArea).toString("base64"),
    authValue: authValue.toString("base64"),
    data: data.toString("base64"),
  };
}

export function nvIndexOf(state: NvState): NvIndex {
  return {
    publicArea: decode(Tpm2bNvPublic, Buffer.from(state.public, "base64")),
    authValue: Buffer.from(state.authValue, "base64"),
    data: Buffer.from(state.data, "base64"),
  };
}

/** The Name of an index; it changes with the first write. */
export function nvName({ publicArea }: NvIndex): Buffer {
  return nameOf(publicArea.nameAlg, TpmsNvPublic.encode(publicArea));
}

const rights = {
  read: {
    [hierarchies.owner]: nvAttributes.ownerRead,
    [hierarchies.platform]: nvAttributes.platformRead,
  },
  write: {
    [hierarchies.owner]: nvAttributes.ownerWrite,
    [hierarchies.platform]: nvAttributes.platformWrite,
  },
} as const;

/**
 * Whether an authority may read or write an index (reference implementation, NvReadAccessChecks and NvWriteAccessChecks).
 * @param authority a hierarchy, or the index itself
 * @throws TpmError TPM_RC_NV_AUTHORIZATION
 */
export function checkNvAccess(access: "read" | "write", authority: number, { publicArea }: NvIndex): void {
  const needed: Readonly<Record<number, number>> = rights[access];
  const bit = needed[authority];
  const allowed = bit === undefined ? authority === publicArea.nvIndex : has(publicArea.attributes, bit);
  if (!allowed) throw new TpmError("nvAuthorization");
}
