import { type Finding, finding, idKey } from "@rollcall/protocol";
import type { Store } from "../records/store.js";

const ALPHABET = [..."abcdefghijklmnopqrstuvwxyz0123456789-._:"];
/** Longer ids are not searched for look-alikes: each character adds 80 candidates. */
const MAX_LENGTH = 48;
/** In shorter ids one slip is most of the name: `d2` is no misspelled `k1`, and dev-2 is one away from dev-1 all the same. */
const MIN_LENGTH = 4;

/**
 * Every id one slip away: a character too many, too few, another, or two swapped. Their number depends on the id alone, so
 * that a refusal costs the same with ten enrollments and with a million.
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

/** Look-ups that cost as much as trying one key. */
const LOOKUPS_PER_TRY = 20;
/** Look-alikes of one character of an id. */
const LOOKALIKES = 2 * ALPHABET.length + 2;

/** A note that a similar id is enrolled, if one is and there is time to look. */
export async function nearbyFinding(
  id: string,
  store: Store,
  afford: (cost: number) => boolean,
): Promise<readonly Finding[]> {
  if (!afford((id.length * LOOKALIKES) / LOOKUPS_PER_TRY)) return [];
  const [nearest] = await store.enrolledAmong(nearbyIds(id));
  return nearest === undefined ? [] : [finding("enrollment.nearby", { values: { nearest }, got: id, nearest })];
}
