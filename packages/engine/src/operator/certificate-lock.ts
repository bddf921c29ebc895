import type { Store } from "../records/store.js";

const turns = new WeakMap<Store, Promise<unknown>>();

/**
 * Runs what counts CA certificates, refers to them or takes them away one after the other: two uploads could both be the last
 * that the limit allows, and a group could come to refer to one that is being deleted. Nodes that share a database do not
 * wait for each other; the store holds all of them to the limit.
 */
export function inTurn<T>(store: Store, work: () => Promise<T>): Promise<T> {
  const mine = (turns.get(store) ?? Promise.resolve()).then(work);
  turns.set(
    store,
    mine.catch(() => undefined),
  );
  return mine;
}
