import { createCipheriv, createDecipheriv } from "node:crypto";
import { algorithms } from "../tables/algorithms.js";
import { has, objectAttributes } from "../tables/attributes.js";
import { checked, struct, u16 } from "../wire/codec.js";
import { Tpm2bIv, Tpm2bMaxBuffer, TpmiYesNo } from "../wire/structures.js";
import { handle, type Place, TpmError } from "../wire/tpm-error.js";
import type { TpmKey } from "./keys.js";

const modes: ReadonlyMap<number, string> = new Map([
  [algorithms.cfb, "cfb"],
  [algorithms.cbc, "cbc"],
  [algorithms.ctr, "ctr"],
  [algorithms.ofb, "ofb"],
  [algorithms.ecb, "ecb"],
]);
const block = 16;

const TpmiCipherMode = checked(u16, (mode) => mode === algorithms.null || modes.has(mode), "mode");
/** The response of EncryptDecrypt and EncryptDecrypt2, which differ in the order of their parameters. */
export const cipherResponse = struct({ outData: Tpm2bMaxBuffer, ivOut: Tpm2bIv });
export const cipherFields = {
  decrypt: TpmiYesNo,
  mode: TpmiCipherMode,
  ivIn: Tpm2bIv,
  inData: Tpm2bMaxBuffer,
} as const;

/** Which parameters to blame. */
export interface CipherPlaces {
  readonly mode: Place;
  readonly iv: Place;
  readonly data: Place;
}

interface Ciphering {
  readonly decrypt: number;
  readonly mode: number;
  readonly ivIn: Buffer;
  readonly inData: Buffer;
}

/** A key that names a mode takes no other mode. A key that names no mode takes the command's. */
function modeOf(key: TpmKey, asked: number, place: Place): string {
  const { publicArea } = key;
  if (publicArea.type !== algorithms.symCipher || publicArea.parameters.algorithm !== algorithms.aes) {
    throw new TpmError("key", handle(1));
  }
  const own = publicArea.parameters.mode;
  const conflict = own !== algorithms.null && asked !== algorithms.null && own !== asked;
  const mode = modes.get(own === algorithms.null ? asked : own);
  if (conflict || mode === undefined) throw new TpmError("mode", place);
  return mode;
}

/** The AES key, if this key's attributes allow the operation. The right to encrypt is the `sign` attribute. */
function secretFor({ publicArea, secret }: TpmKey, decrypt: number): Buffer {
  if (publicArea.type !== algorithms.symCipher || secret.kind !== "sym") throw new TpmError("key", handle(1));
  const bits = publicArea.objectAttributes;
  const allowed = has(bits, decrypt === 1 ? objectAttributes.decrypt : objectAttributes.sign);
  if (has(bits, objectAttributes.restricted) || !allowed) throw new TpmError("attributes", handle(1));
  return secret.key;
}

/** The IV for the next piece: the last block of the ciphertext, or the counter. */
function nextIv(mode: string, ivIn: Buffer, plain: Buffer, encrypted: Buffer): Buffer {
  if (mode === "ecb") return Buffer.alloc(0);
  if (mode === "ctr") {
    const counter = BigInt(`0x${ivIn.toString("hex")}`) + BigInt(Math.ceil(plain.length / block));
    return Buffer.from((counter & ((1n << 128n) - 1n)).toString(16).padStart(32, "0"), "hex");
  }
  const stream = mode === "ofb" ? plain.map((byte, index) => byte ^ (encrypted[index] ?? 0)) : encrypted;
  return Buffer.concat([ivIn, stream]).subarray(-block);
}

/** Part 3, TPM2_EncryptDecrypt. @throws TpmError with the place that is to blame */
export function cipher(key: TpmKey, { decrypt, mode: asked, ivIn, inData }: Ciphering, places: CipherPlaces) {
  const secret = secretFor(key, decrypt);
  const mode = modeOf(key, asked, places.mode);
  if (ivIn.length !== (mode === "ecb" ? 0 : block)) throw new TpmError("size", places.iv);
  const whole = mode === "cbc" || mode === "ecb";
  if (whole && inData.length % block !== 0) throw new TpmError("size", places.data);
  const name = `aes-${secret.length * 8}-${mode}`;
  const iv = mode === "ecb" ? null : ivIn;
  const run = decrypt === 1 ? createDecipheriv(name, secret, iv) : createCipheriv(name, secret, iv);
  run.setAutoPadding(false);
  const outData = Buffer.concat([run.update(inData), run.final()]);
  const [plain, encrypted] = decrypt === 1 ? [outData, inData] : [inData, outData];
  return { outData, ivOut: nextIv(mode, ivIn, plain, encrypted) };
}
