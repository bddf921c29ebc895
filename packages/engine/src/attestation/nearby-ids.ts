import { type Finding, finding, idKey } from "@rollcall/protocol";
import type { Store } from "../records/store.js";

const ALPHABET = [..."abcdefghijklmnopqrstuvwxyz0123456789-._:"];
/** Longer ids are not searched for similar ids: each character adds 80 candidates. */
const MAX_LENGTH = 48;
/** In shorter ids one typing error is most of the id: `d2` is not a misspelled `k1`. */
const MIN_LENGTH = 4;

/**
 * Every id that differs by one typing error: a character too many, missing or different, or two swapped. Their number
 * depends on the id alone, so that a refusal costs the same with ten enrollments and with a million.
 */
function nearbyIds(id: string): readonly string[] {
  const text = idKey(id);
  if (text.length < MIN_LENGTH || text.length > MAX_LENGTH) return [];
  const found = new Set<string>();
  for (let at = 0; at <= text.length; at++) {
    const [head, tail] = [text.slice(0, at), text.slice(at)];
    for (const character of ALPHABET) found.add(head + character + tail);
    if (tail === "") continue;
    found.add(head + tail.slice(1));
    for (const character of ALPHABET) found.add(head + character + tail.slice(1));
    if (tail.length > 1) found.add(`${head}${tail[1]}${tail[0]}${tail.slice(2)}`);
  }
  found.delete(text);
  found.delete("");
  return [...found];
}

/** Number of look-ups that cost as much as trying one key. */
const LOOKUPS_PER_TRY = 20;
/** Number of similar ids for each character of an id. */
const LOOKALIKES = 2 * ALPHABET.length + 2;

/** A note that a similar id is enrolled, if there is one and the budget allows the search. */
export async function nearbyFinding(
  id: string,
  store: Store,
  mayExplain: (cost: number) => boolean,
): Promise<readonly Finding[]> {
  if (!mayExplain((id.length * LOOKALIKES) / LOOKUPS_PER_TRY)) return [];
  const [nearest] = await store.enrolledAmong(nearbyIds(id));
  return nearest === undefined ? [] : [finding("enrollment.nearby", { values: { nearest }, got: id, nearest })];
}
