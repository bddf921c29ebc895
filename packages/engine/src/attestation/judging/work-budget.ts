import type { Certificate, Work } from "@rollcall/pki";
import { limits } from "@rollcall/protocol";
import type { Clock } from "../../records/ports.js";

/** Work that was done on certificates, for those who count it. */
export interface WorkDone {
  readonly kind: "certificates" | "signatures" | "comparisons";
  readonly count: number;
}
export type CountWork = (done: WorkDone) => void;

/** Takes so many microseconds from a budget; false when they are not there, and nothing is taken. */
export type Take = (microseconds: number) => boolean;

/**
 * A budget that fills steadily up to `burst` and never beyond. What is left depends on the time alone, so that it
 * cannot be filled by coming again.
 */
export function tokenBucket(options: {
  readonly perSecond: number;
  readonly burst: number;
  readonly clock: Clock;
}): Take {
  const { perSecond, burst, clock } = options;
  let left = burst;
  let at = clock();
  return (amount) => {
    const now = clock();
    // A clock that is set back fills nothing, and does not stop the filling either.
    left = Math.min(burst, left + (Math.max(0, now - at) * perSecond) / 1000);
    at = now;
    if (amount > left) return false;
    left -= amount;
    return true;
  };
}

/** Microseconds that a comparison of a name with a constraint takes. */
const COMPARISON = 0.03;

/** Roughly how many microseconds a signature check with this key takes, the import of the key included. */
function signatureCost({ keyInfo }: Certificate): number {
  if (keyInfo.algorithm?.startsWith("RSA")) return 100 + 1000 * (keyInfo.bits / 8192) ** 2;
  return keyInfo.bits <= 256 ? 200 : 1500;
}

/** The work of one connection: what the budgets still allow. */
export interface WorkBudget {
  /** Within the budgets, from the first microsecond on. */
  dear(): Work;
  /**
   * The straight check of an ordinary chain, which is always done: a few signatures of keys that are known to be under
   * the enrolled certificate, and a few comparisons. Beyond that, as `dear`. Made anew for each chain that is judged.
   */
  straight(): Work;
  /** Undefined when so much may be spent, else the reason why not. */
  spend(microseconds: number): string | undefined;
}

/** The budget of one connection; `shared` is the budget of all. */
export function workBudget(shared: Take, count: CountWork): WorkBudget {
  let left: number = limits.chainWork.perConnection;
  const spend = (microseconds: number): string | undefined => {
    if (microseconds > left) return "this connection has had its share of such checks";
    if (!shared(microseconds)) return "the service is busy with such checks of other connections";
    left -= microseconds;
    return undefined;
  };
  const counted = (reason: string | undefined, done: WorkDone): string | undefined => {
    if (reason === undefined) count(done);
    return reason;
  };
  const dear = (): Work => ({
    signature: ({ signer }) => counted(spend(signatureCost(signer)), { kind: "signatures", count: 1 }),
    comparisons: (all) => counted(spend(all * COMPARISON), { kind: "comparisons", count: all }),
  });
  const straight = (): Work => {
    const beyond = dear();
    let signatures: number = limits.chainWork.straightSignatures;
    let free: number = limits.chainWork.straightComparisons;
    return {
      signature(asked) {
        if (!asked.proved || signatures === 0) return beyond.signature(asked);
        signatures--;
        return counted(undefined, { kind: "signatures", count: 1 });
      },
      comparisons(all) {
        if (all > free) return beyond.comparisons(all);
        free -= all;
        return counted(undefined, { kind: "comparisons", count: all });
      },
    };
  };
  return { dear, straight, spend };
}
