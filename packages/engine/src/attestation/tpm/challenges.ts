import { createHmac } from "node:crypto";
import { idKey, limits } from "@rollcall/protocol";
import type { Clock } from "../../records/ports.js";
import type { ChallengeKeys, ChallengeSubject } from "../judging/verdict.js";

/** Number of ids for which storage root keys are remembered at the same time, and number of keys for each. */
const MAX_IDS = 10_000;
const MAX_KEYS_PER_ID = 4;

interface Remembered {
  readonly storageRootKey: Buffer;
  readonly until: number;
}

/**
 * The keys inside TPM challenges. They are derived from a secret, the device and a time window, so that every node with
 * the secret can compute them again. Only storage root keys of recent challenges are remembered, for clients whose
 * second request leaves `tpm` out (IoT Edge). Each id has several, and a new key does not displace an unexpired one:
 * otherwise a stranger who asks for challenges could make the device's own answer unknown.
 */
export class Challenges implements ChallengeKeys {
  readonly #secret: Uint8Array;
  readonly #clock: Clock;
  readonly #recent = new Map<string, Remembered[]>();

  constructor(secret: Uint8Array, clock: Clock) {
    this.#secret = secret;
    this.#clock = clock;
  }

  /** Makes the key of a new challenge, 32 bytes, and remembers the subject's storage root key. */
  issue(subject: ChallengeSubject): Buffer {
    this.#remember(subject);
    return this.#derive(subject, this.#window());
  }

  /**
   * The keys with which a token may be signed now, newest first: of this window and of the `before` windows before it.
   */
  keys(subject: ChallengeSubject, before = 1): readonly Buffer[] {
    const window = this.#window();
    return Array.from({ length: before + 1 }, (_, age) => this.#derive(subject, window - age));
  }

  /** Storage root keys that were recently challenged under this id. */
  storageRootKeys(registrationId: string): readonly Buffer[] {
    const now = this.#clock();
    const list = this.#recent.get(idKey(registrationId)) ?? [];
    return list.filter((each) => each.until > now).map((each) => each.storageRootKey);
  }

  /** Forgets the challenges of a device that has answered. */
  forget(registrationId: string): void {
    this.#recent.delete(idKey(registrationId));
  }

  /** Number of ids with an open challenge. */
  get size(): number {
    this.#dropExpired();
    return this.#recent.size;
  }

  #window(): number {
    return Math.floor(this.#clock() / limits.challengeWindowMs);
  }

  #derive(subject: ChallengeSubject, window: number): Buffer {
    const hmac = createHmac("sha256", this.#secret);
    for (const part of ["tpm-challenge", idKey(subject.registrationId), String(window)])
      hmac.update(`${part.length}:${part}`);
    for (const key of [subject.endorsementKey, subject.storageRootKey]) hmac.update(`${key.length}:`).update(key);
    return hmac.digest();
  }

  #remember(subject: ChallengeSubject): void {
    const now = this.#clock();
    const key = idKey(subject.registrationId);
    const fresh = { storageRootKey: Buffer.from(subject.storageRootKey), until: now + 2 * limits.challengeWindowMs };
    const kept = (this.#recent.get(key) ?? []).filter(
      (each) => each.until > now && !each.storageRootKey.equals(fresh.storageRootKey),
    );
    if (kept.length >= MAX_KEYS_PER_ID) return;
    if (!this.#recent.has(key) && this.#recent.size >= MAX_IDS) {
      this.#dropExpired();
      if (this.#recent.size >= MAX_IDS) return;
    }
    // Deleted first, so that the map is in the order of the last challenge, which is the order of expiry.
    this.#recent.delete(key);
    this.#recent.set(key, [...kept, fresh]);
  }

  #dropExpired(): void {
    const now = this.#clock();
    for (const [key, list] of this.#recent) {
      if (list.some((each) => each.until > now)) return;
      this.#recent.delete(key);
    }
  }
}
