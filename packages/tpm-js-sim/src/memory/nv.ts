import { nameOf } from "../crypto/crypto.js";
import { has, nvAttributes } from "../tables/attributes.js";
import { hierarchies } from "../tables/handles.js";
import { decode } from "../wire/codec.js";
import { Tpm2bNvPublic, TpmsNvPublic } from "../wire/structures.js";
import { TpmError } from "../wire/tpm-error.js";

/** An index of non-volatile memory. */
export interface NvIndex {
  publicArea: TpmsNvPublic;
  authValue: Buffer;
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

const locks = { read: nvAttributes.readLocked, write: nvAttributes.writeLocked } as const;

/** Whether an index is locked until the next start of the TPM, or for good. */
export function isLocked(access: "read" | "write", { publicArea }: NvIndex): boolean {
  return has(publicArea.attributes, locks[access]);
}

/** @throws TpmError TPM_RC_NV_AUTHORIZATION when the authority, a hierarchy or the index itself, lacks the right */
export function checkNvAuthority(access: "read" | "write", authority: number, { publicArea }: NvIndex): void {
  const needed: Readonly<Record<number, number>> = rights[access];
  const bit = needed[authority];
  const allowed = bit === undefined ? authority === publicArea.nvIndex : has(publicArea.attributes, bit);
  if (!allowed) throw new TpmError("nvAuthorization");
}

/**
 * Whether an authority may read or write an index now (reference implementation, NvReadAccessChecks and NvWriteAccessChecks).
 * @param authority a hierarchy, or the index itself
 * @throws TpmError TPM_RC_NV_LOCKED, TPM_RC_NV_AUTHORIZATION, or TPM_RC_NV_UNINITIALIZED when there is nothing to read
 */
export function checkNvAccess(access: "read" | "write", authority: number, nv: NvIndex): void {
  if (isLocked(access, nv)) throw new TpmError("nvLocked");
  checkNvAuthority(access, authority, nv);
  if (access === "read" && !isWritten(nv)) throw new TpmError("nvUninitialized");
}

export function isWritten({ publicArea }: NvIndex): boolean {
  return has(publicArea.attributes, nvAttributes.written);
}

/** The kind of an index: one of `nvTypes`. */
export function nvTypeOf({ attributes }: TpmsNvPublic): number {
  return attributes & nvAttributes.type;
}

/** Sets and clears attributes; the Name changes with them. */
export function changeAttributes(nv: NvIndex, set: number, clear = 0): void {
  nv.publicArea = { ...nv.publicArea, attributes: ((nv.publicArea.attributes | set) & ~clear) >>> 0 };
}

/** Writes data, and marks the index as written. */
export function writeNv(nv: NvIndex, data: Buffer, offset = 0): void {
  data.copy(nv.data, offset);
  changeAttributes(nv, nvAttributes.written);
}

/**
 * Applies a start other than Resume to an index (Part 1, "NV Indices"): locks open, and some contents are forgotten.
 */
export function restartNv(nv: NvIndex): void {
  const { attributes } = nv.publicArea;
  const forGood = has(attributes, nvAttributes.writeDefine) && has(attributes, nvAttributes.written);
  const unlocked = nvAttributes.readLocked | (forGood ? 0 : nvAttributes.writeLocked);
  const forgotten = has(attributes, nvAttributes.clearStClear) ? nvAttributes.written : 0;
  changeAttributes(nv, 0, unlocked | forgotten);
}
