import type { Store } from "../records/store.js";

const lastWork = new WeakMap<Store, Promise<unknown>>();

/**
 * Runs work that counts, references or removes CA certificates, one after the other: otherwise two uploads could both
 * take the last free place, or a group could refer to a certificate that is being deleted. Nodes that share a database
 * do not wait for each other; the store itself applies the limit to all of them.
 */
export function withCertificateLock<T>(store: Store, work: () => Promise<T>): Promise<T> {
  const done = (lastWork.get(store) ?? Promise.resolve()).then(work);
  lastWork.set(
    store,
    done.catch(() => undefined),
  );
  return done;
}
