import { generatedValue } from "../authorization/tickets.js";
import { digest } from "../crypto/crypto.js";
import type { TpmKey } from "../keys/keys.js";
import { clockInfo, firmwareVersion } from "../memory/clock.js";
import type { Entity } from "../memory/command.js";
import type { TpmMemory } from "../memory/state.js";
import { algorithms } from "../tables/algorithms.js";
import type { Codec } from "../wire/codec.js";
import { TpmsAttestHead, type TpmtSignatureOrNull, type TpmtSigScheme } from "../wire/structures.js";
import { handle, parameter, TpmError } from "../wire/tpm-error.js";
import { type ChosenScheme, checkSigner, chooseScheme, signDigest } from "./signing.js";

// Part 1, clause "Attestation": Certify, CertifyCreation, GetTime, NV_Certify, GetSessionAuditDigest and Quote sign the same structure.

/** The key that signs, and its scheme. With the NULL handle there is no signer, and nothing is signed. */
export interface Signer {
  readonly key: TpmKey;
  readonly scheme: ChosenScheme;
}

/** Which handle and which parameter to blame, counted from 1. */
export interface SignerPlaces {
  readonly handle: number;
  readonly scheme: number;
}

/** @throws TpmError TPM_RC_KEY for an entity that cannot sign, TPM_RC_SCHEME */
export function signerOf(entity: Entity, inScheme: TpmtSigScheme, places: SignerPlaces): Signer | undefined {
  if (entity.is === "sequence") throw new TpmError("key", handle(places.handle));
  if (entity.is !== "key") return undefined;
  checkSigner(entity.key, handle(places.handle));
  return { key: entity.key, scheme: chooseScheme(entity.key, inScheme, parameter(places.scheme)) };
}

/** The content of an attestation. */
export interface Attested<T> {
  /** TPM_ST_ATTEST_… */
  readonly type: number;
  readonly extraData: Buffer;
  /** TPMU_ATTEST */
  readonly codec: Codec<T>;
  readonly value: T;
}

/** A TPMS_ATTEST and its signature. Counters and version are not obfuscated for any key: there is no owner to track. */
export function attest<T>(
  memory: TpmMemory,
  signer: Signer | undefined,
  { type, extraData, codec, value }: Attested<T>,
): { readonly attested: Buffer; readonly signature: TpmtSignatureOrNull } {
  const head = TpmsAttestHead.encode({
    magic: generatedValue,
    type,
    qualifiedSigner: signer?.key.qualifiedName ?? nullName,
    extraData,
    clockInfo: clockInfo(memory),
    firmwareVersion,
  });
  const attested = Buffer.concat([head, codec.encode(value)]);
  if (signer === undefined) return { attested, signature: { sigAlg: algorithms.null } };
  const { key, scheme } = signer;
  return { attested, signature: signDigest(memory, key, scheme, digest(scheme.hashAlg, attested)) };
}

/** The Name of the NULL hierarchy: its handle. */
const nullName = Buffer.from("40000007", "hex");
