import { TpmError } from "../wire/tpm-error.js";

// Part 1, clause 19.8 (dictionary attack protection).

/** The lockout as JSON; times are seconds. */
export interface LockoutState {
  readonly failedTries: number;
  readonly maxTries: number;
  readonly recoveryTime: number;
  readonly lockoutRecovery: number;
}

/** Counts failed authorizations. Each failure is forgiven after `recoveryTime`. */
export interface Lockout {
  /** @throws TpmError TPM_RC_LOCKOUT while too many authorizations have failed */
  check(): void;
  /** The same for the lockout's own auth value, which allows one failure. */
  checkOwn(): void;
  fail(): void;
  failOwn(): void;
  /** the current count of failures */
  failedTries(): number;
  readonly parameters: Omit<LockoutState, "failedTries">;
  /** DictionaryAttackLockReset */
  reset(): void;
  /** resets everything to the values of a new TPM */
  clear(): void;
  set(parameters: Omit<LockoutState, "failedTries">): void;
  /** undefined while nothing differs from a new TPM */
  snapshot(): LockoutState | undefined;
}

/** The values of a new TPM, from the reference implementation. */
const manufactured: LockoutState = { failedTries: 0, maxTries: 3, recoveryTime: 1000, lockoutRecovery: 1000 };

/** @param now in milliseconds */
export function newLockout(now: () => number, state: LockoutState = manufactured): Lockout {
  let { failedTries, ...parameters } = state;
  let since = now();
  let ownFailedAt: number | undefined;
  const heal = (): void => {
    const { recoveryTime } = parameters;
    if (recoveryTime === 0 || failedTries === 0) return;
    const healed = Math.floor((now() - since) / (recoveryTime * 1000));
    if (healed <= 0) return;
    failedTries = Math.max(0, failedTries - healed);
    since += healed * recoveryTime * 1000;
  };
  const ownLocked = (): boolean => {
    if (ownFailedAt === undefined) return false;
    const { lockoutRecovery } = parameters;
    return lockoutRecovery === 0 || now() - ownFailedAt < lockoutRecovery * 1000;
  };
  return {
    check: () => {
      heal();
      if (failedTries >= parameters.maxTries) throw new TpmError("lockout");
    },
    checkOwn: () => {
      if (ownLocked()) throw new TpmError("lockout");
    },
    fail: () => {
      heal();
      // A recovery time of 0 turns the protection off (Part 3, TPM2_DictionaryAttackParameters).
      if (parameters.recoveryTime === 0) return;
      if (failedTries === 0) since = now();
      failedTries += 1;
    },
    failOwn: () => {
      ownFailedAt = now();
    },
    failedTries: () => {
      heal();
      return failedTries;
    },
    get parameters() {
      return parameters;
    },
    reset: () => {
      failedTries = 0;
    },
    clear: () => {
      ({ failedTries, ...parameters } = manufactured);
      ownFailedAt = undefined;
    },
    set: (changed) => {
      parameters = { ...changed };
    },
    snapshot: () => {
      heal();
      const current: LockoutState = { failedTries, ...parameters };
      const keys = ["failedTries", "maxTries", "recoveryTime", "lockoutRecovery"] as const;
      return keys.every((key) => current[key] === manufactured[key]) ? undefined : current;
    },
  };
}
