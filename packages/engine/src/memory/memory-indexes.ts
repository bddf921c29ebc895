import type { AttestationLookUp } from "../attestation/judging/attestation.js";

/** A look-up from a text to several records, kept in step with them. */
export class MultiIndex<T> {
  readonly #entries = new Map<string, Set<T>>();

  add(key: string, value: T): void {
    const entry = this.#entries.get(key);
    if (entry) entry.add(value);
    else this.#entries.set(key, new Set([value]));
  }

  remove(key: string, value: T): void {
    const entry = this.#entries.get(key);
    entry?.delete(value);
    if (entry?.size === 0) this.#entries.delete(key);
  }

  get(key: string): readonly T[] {
    return [...(this.#entries.get(key) ?? [])];
  }
}

/** The index of the first key that is not below `key`, which is also the index for inserting `key`. */
function place(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] ?? "") < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The largest number of keys that one insertion moves: in one array of a million keys it would move half a million. */
const LARGEST_CHUNK = 1024;

/** A map whose keys can be walked in order (by code unit) from any key. */
export class SortedMap<T> {
  readonly #values = new Map<string, T>();
  /** There is at least one chunk, and a chunk is empty only if it is the only one. */
  #chunks: string[][] = [[]];

  get(key: string): T | undefined {
    return this.#values.get(key);
  }

  get size(): number {
    return this.#values.size;
  }

  set(key: string, value: T): void {
    if (!this.#values.has(key)) this.#insert(key);
    this.#values.set(key, value);
  }

  delete(key: string): void {
    if (!this.#values.delete(key)) return;
    const index = this.#chunkOf(key);
    const chunk = this.#chunks[index] ?? [];
    chunk.splice(place(chunk, key), 1);
    if (chunk.length === 0 && this.#chunks.length > 1) this.#chunks.splice(index, 1);
  }

  /** The entries after the key `after`, in order. Do not change the map while walking. */
  *from(after: string | undefined): Generator<readonly [string, T]> {
    let index = after === undefined ? 0 : this.#chunkOf(after);
    let at = after === undefined ? 0 : place(this.#chunks[index] ?? [], `${after}\0`);
    for (; index < this.#chunks.length; index++, at = 0) {
      for (const key of this.#chunks[index]?.slice(at) ?? []) {
        const value = this.#values.get(key);
        if (value !== undefined) yield [key, value];
      }
    }
  }

  #insert(key: string): void {
    const index = this.#chunkOf(key);
    const chunk = this.#chunks[index] ?? [];
    chunk.splice(place(chunk, key), 0, key);
    if (chunk.length <= LARGEST_CHUNK) return;
    this.#chunks.splice(index, 1, chunk.slice(0, LARGEST_CHUNK / 2), chunk.slice(LARGEST_CHUNK / 2));
  }

  /** The last chunk that begins at or below the key; the first for a key below all. */
  #chunkOf(key: string): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const first = this.#chunks[middle]?.[0];
      if (first !== undefined && first <= key) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}

/** The first `limit` values after `after` for which `wanted` is true. */
export function pageOf<T>(
  map: SortedMap<T>,
  { after, limit }: { readonly after?: string | undefined; readonly limit: number },
  wanted: (value: T, key: string) => boolean = () => true,
): readonly T[] {
  const page: T[] = [];
  for (const [key, value] of map.from(after)) {
    if (page.length >= limit) break;
    if (wanted(value, key)) page.push(value);
  }
  return page;
}

/** The look-ups of enrollments, besides their ids. */
export const indexes = <R>(): Readonly<Record<AttestationLookUp["by"], MultiIndex<R>>> => ({
  certificate: new MultiIndex(),
  subject: new MultiIndex(),
  endorsementKey: new MultiIndex(),
});
