import { evictControl } from "../commands/context/evict-control.js";
import { flushContext } from "../commands/context/flush-context.js";
import { importKey } from "../commands/duplication/import.js";
import { hmacStart } from "../commands/hash/hmac-start.js";
import { sequenceComplete } from "../commands/hash/sequence-complete.js";
import { sequenceUpdate } from "../commands/hash/sequence-update.js";
import { createPrimary } from "../commands/hierarchy/create-primary.js";
import { activateCredential } from "../commands/object/activate-credential.js";
import { load } from "../commands/object/load.js";
import { readPublic } from "../commands/object/read-public.js";
import { policySecret } from "../commands/policy/policy-secret.js";
import { getRandom } from "../commands/random/get-random.js";
import { startAuthSession } from "../commands/session/start-auth-session.js";
import { hmac } from "../commands/symmetric/hmac.js";
import { type AuthenticationKeyParts, parseAuthenticationKey } from "../keys/credential.js";
import { devicePrimaries, type PrimaryTemplate } from "../keys/templates.js";
import type { Command, HandleSpec } from "../memory/command.js";
import { algorithms } from "../tables/algorithms.js";
import { sessionAttributes } from "../tables/attributes.js";
import { hierarchies, passwordSession, persistentHandles } from "../tables/handles.js";
import { inputBuffer } from "../tables/properties.js";
import { sessionTypes } from "../tables/tags.js";
import { decode } from "../wire/codec.js";
import { Tpm2bPublic, type TpmsAuthCommand } from "../wire/structures.js";
import { type Answer, type Call, callTpm, type Fields, TpmCommandError, type TpmSend } from "./call-tpm.js";

/** An `authenticationKey` that cannot be parsed: nothing was sent to the TPM. */
export class AuthenticationKeyError extends Error {
  override readonly name = "AuthenticationKeyError";
}

const empty = Buffer.alloc(0);
const { continueSession } = sessionAttributes;
const password: TpmsAuthCommand = {
  sessionHandle: passwordSession,
  nonce: empty,
  attributes: continueSession,
  hmac: empty,
};
const aes128Cfb = { algorithm: algorithms.aes, keyBits: 128, mode: algorithms.cfb } as const;

/** Options of {@link TpmClient}. */
export interface TpmClientOptions {
  /**
   * templates of the endorsement key and the storage root key, for a TPM without these keys; the Node SDK's by default
   */
  readonly primaries?: readonly PrimaryTemplate[];
}

/**
 * A device's side of TPM attestation over any TPM 2.0: the commands of the Node SDK's `TpmSecurityClient`, in its order.
 * All methods throw {@link TpmCommandError} when the TPM refuses.
 */
export class TpmClient {
  readonly #send: TpmSend;
  readonly #primaries: readonly PrimaryTemplate[];

  constructor(send: TpmSend, { primaries = devicePrimaries }: TpmClientOptions = {}) {
    this.#send = send;
    this.#primaries = primaries;
  }

  /**
   * The endorsement key as TPM2B_PUBLIC: the persistent key at 0x81010001, which is made first if it does not exist.
   */
  endorsementKey(): Buffer {
    return this.#primaryAt(persistentHandles.endorsementKey, 0);
  }

  /**
   * The storage root key as TPM2B_PUBLIC: the persistent key at 0x81000001, which is made first if it does not exist.
   */
  storageRootKey(): Buffer {
    return this.#primaryAt(persistentHandles.storageRootKey, 1);
  }

  /**
   * Opens an `authenticationKey` and makes the key in it the identity key at 0x81000100, in place of an earlier one.
   * The sessions and objects that it needs are closed, also when it fails.
   * @param authenticationKey the decoded bytes of the challenge, or of `registrationState.tpm.authenticationKey`
   * @throws AuthenticationKeyError when it does not consist of six sized parts
   */
  activateIdentityKey(authenticationKey: Uint8Array): void {
    const parts = partsOf(authenticationKey);
    this.endorsementKey();
    this.storageRootKey();
    const innerWrapKey = this.#activate(parts);
    const key = this.#loadIdentityKey(parts, innerWrapKey);
    try {
      this.#persist(key, persistentHandles.identityKey);
    } finally {
      this.#call(flushContext, { handles: [], parameters: { flushHandle: key } });
    }
  }

  /** HMAC-SHA-256 of any number of bytes with the identity key. */
  sign(data: Uint8Array): Buffer {
    const bytes = Buffer.from(data);
    const handles = [persistentHandles.identityKey];
    const authorizations = [password];
    if (bytes.length <= inputBuffer) {
      const parameters = { buffer: bytes, hashAlg: algorithms.sha256 };
      return this.#call(hmac, { handles, authorizations, parameters }).parameters.outHmac;
    }
    const start = { auth: empty, hashAlg: algorithms.sha256 };
    const { handle } = this.#call(hmacStart, { handles, authorizations, parameters: start });
    return this.#signSequence(handle, bytes);
  }

  #signSequence(sequence: number, bytes: Buffer): Buffer {
    const handles = [sequence];
    const authorizations = [password];
    const last = bytes.length - (bytes.length % inputBuffer || inputBuffer);
    for (let offset = 0; offset < last; offset += inputBuffer) {
      const parameters = { buffer: bytes.subarray(offset, offset + inputBuffer) };
      this.#call(sequenceUpdate, { handles, authorizations, parameters });
    }
    const parameters = { buffer: bytes.subarray(last), hierarchy: hierarchies.null };
    return this.#call(sequenceComplete, { handles, authorizations, parameters }).parameters.result;
  }

  #primaryAt(handle: number, index: 0 | 1): Buffer {
    return this.#publicAt(handle) ?? this.#createAt(handle, index);
  }

  #publicAt(handle: number): Buffer | undefined {
    try {
      const { outPublic } = this.#call(readPublic, { handles: [handle], parameters: {} }).parameters;
      return Tpm2bPublic.encode(outPublic);
    } catch (error) {
      // Every SDK takes any refusal as "no such key"; any other error is a fault.
      if (error instanceof TpmCommandError && error.responseCode !== undefined) return undefined;
      throw error;
    }
  }

  #createAt(target: number, index: 0 | 1): Buffer {
    const primary = this.#primaries[index];
    if (primary === undefined) throw new RangeError("a TPM client needs the templates of both primary keys");
    const inSensitive = { userAuth: empty, data: empty };
    const parameters = { inSensitive, inPublic: primary.template, outsideInfo: empty, creationPcr: [] };
    const made = this.#call(createPrimary, { handles: [primary.hierarchy], authorizations: [password], parameters });
    try {
      this.#evict(made.handle, target);
    } finally {
      this.#call(flushContext, { handles: [], parameters: { flushHandle: made.handle } });
    }
    return Tpm2bPublic.encode(made.parameters.outPublic);
  }

  #evict(object: number, persistentHandle: number): void {
    const handles = [hierarchies.owner, object];
    this.#call(evictControl, { handles, authorizations: [password], parameters: { persistentHandle } });
  }

  #persist(object: number, target: number): void {
    if (this.#publicAt(target) !== undefined) this.#evict(target, target);
    this.#evict(object, target);
  }

  /** ActivateCredential under PolicySecret(ENDORSEMENT), which an endorsement key's policy requires. */
  #activate({ idObject, encSecret }: AuthenticationKeyParts): Buffer {
    const session = this.#startPolicySession();
    try {
      const policy = { nonceTpm: empty, cpHashA: empty, policyRef: empty, expiration: 0 };
      const endorsement = [hierarchies.endorsement, session];
      this.#call(policySecret, { handles: endorsement, authorizations: [password], parameters: policy });
      const inSession = { sessionHandle: session, nonce: empty, attributes: continueSession, hmac: empty };
      return this.#call(activateCredential, {
        handles: [persistentHandles.storageRootKey, persistentHandles.endorsementKey],
        authorizations: [password, inSession],
        parameters: { credentialBlob: idObject, secret: encSecret },
      }).parameters.certInfo;
    } finally {
      // The SDK leaves the session open after a failure; with three slots its fourth attempt then fails.
      this.#call(flushContext, { handles: [], parameters: { flushHandle: session } });
    }
  }

  #startPolicySession(): number {
    const random = this.#call(getRandom, { handles: [], parameters: { bytesRequested: 20 } });
    const parameters = {
      nonceCaller: random.parameters.randomBytes,
      encryptedSalt: empty,
      sessionType: sessionTypes.policy,
      symmetric: { algorithm: algorithms.null },
      authHash: algorithms.sha256,
    } as const;
    return this.#call(startAuthSession, { handles: [hierarchies.null, hierarchies.null], parameters }).handle;
  }

  #loadIdentityKey(parts: AuthenticationKeyParts, innerWrapKey: Buffer): number {
    const handles = [persistentHandles.storageRootKey];
    const authorizations = [password];
    const objectPublic = publicPartOf(parts);
    const imported = this.#call(importKey, {
      handles,
      authorizations,
      parameters: {
        encryptionKey: innerWrapKey,
        objectPublic,
        duplicate: parts.duplicate,
        inSymSeed: parts.encWrapKey,
        symmetricAlg: aes128Cfb,
      },
    });
    const parameters = { inPrivate: imported.parameters.outPrivate, inPublic: objectPublic };
    return this.#call(load, { handles, authorizations, parameters }).handle;
  }

  #call<H extends readonly HandleSpec[], P extends Fields, R extends Fields, M extends boolean>(
    row: Command<H, P, R, M>,
    call: Call<P>,
  ): Answer<R> {
    return callTpm(this.#send, row, call);
  }
}

function partsOf(authenticationKey: Uint8Array): AuthenticationKeyParts {
  try {
    return parseAuthenticationKey(authenticationKey);
  } catch (cause) {
    throw new AuthenticationKeyError("the authentication key does not have its six parts", { cause });
  }
}

function publicPartOf({ publicArea }: AuthenticationKeyParts) {
  try {
    return decode(
      Tpm2bPublic,
      Buffer.concat([Buffer.of(publicArea.length >> 8, publicArea.length & 0xff), publicArea]),
    );
  } catch (cause) {
    throw new AuthenticationKeyError("the identity key's public area in the authentication key cannot be read", {
      cause,
    });
  }
}
