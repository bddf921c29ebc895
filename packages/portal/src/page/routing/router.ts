import { type Signal, signal } from "@preact/signals";
import type { EnrollmentKind } from "@rollcall/protocol";
import { giveToken, lendToken, tokenOf } from "../api/token.js";

/**
 * The places of this page. They are in the fragment of the address, so that they never collide with a route of the API.
 */
export type Place =
  | { readonly page: "overview" }
  | { readonly page: "list"; readonly kind: EnrollmentKind; readonly note?: string }
  | { readonly page: "add"; readonly kind: EnrollmentKind }
  | { readonly page: "enrollment"; readonly kind: EnrollmentKind; readonly id: string; readonly tab: EnrollmentTab }
  | { readonly page: "certificates" }
  | { readonly page: "attempts" }
  | { readonly page: "unknown" };
export const enrollmentTabs = ["settings", "credentials", "registrations"] as const;
export type EnrollmentTab = (typeof enrollmentTabs)[number];

const words = { group: "groups", individual: "individual" } as const satisfies Record<EnrollmentKind, string>;
const kindOf = (word: string | undefined): EnrollmentKind | undefined =>
  word === words.group ? "group" : word === words.individual ? "individual" : undefined;

/** The fragment of a place. */
export function hrefOf(place: Place): string {
  switch (place.page) {
    case "overview":
    case "unknown":
      return "#/";
    case "list":
      return `#/enrollments/${words[place.kind]}`;
    case "add":
      return `#/add/${words[place.kind]}`;
    case "enrollment": {
      const tab = place.tab === "settings" ? "" : `/${place.tab}`;
      return `#/enrollments/${words[place.kind]}/${encodeURIComponent(place.id)}${tab}`;
    }
    default:
      return `#/${place.page}`;
  }
}

/** The place of a fragment. */
export function placeOf(hash: string): Place {
  const [first = "", second, third, fourth, ...more] = hash.replace(/^#\/?/, "").split("/").map(decode);
  const kind = kindOf(second);
  if (more.length > 0) return { page: "unknown" };
  if (first === "" && second === undefined) return { page: "overview" };
  if ((first === "certificates" || first === "attempts") && second === undefined) return { page: first };
  if (first === "add" && kind && third === undefined) return { page: "add", kind };
  if (first === "enrollments") return enrollmentPlace({ kind: kind ?? (second ? undefined : "group"), third, fourth });
  return { page: "unknown" };
}

function enrollmentPlace(parts: {
  readonly kind: EnrollmentKind | undefined;
  readonly third: string | undefined;
  readonly fourth: string | undefined;
}): Place {
  const { kind, third: id, fourth = "settings" } = parts;
  const tab = enrollmentTabs.find((each) => each === fourth);
  if (!kind || !tab) return { page: "unknown" };
  return id ? { page: "enrollment", kind, id, tab } : { page: "list", kind };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export const place: Signal<Place> = signal({ page: "overview" });
/** Called before the user leaves a place; set while leaving would lose unsaved input. */
export const leaveGuard: Signal<(() => Promise<boolean>) | undefined> = signal(undefined);

/** Goes to a place without asking the leave guard. */
export function goTo(next: Place): void {
  leaveGuard.value = undefined;
  if (hrefOf(next) === location.hash) place.value = next;
  else location.hash = hrefOf(next);
}

/** State of an entry in the window's history; it survives Back and reloading. */
interface EntryState {
  /** Number of entries before this one. */
  readonly at: number;
  readonly kept?: unknown;
}

function entryState(): EntryState | undefined {
  // A cast: only this module writes it.
  return (history.state as EntryState | null) ?? undefined;
}

/** The value that `keep` stored at this entry of the history. */
export function kept<T>(): Partial<T> {
  // A cast: each place keeps its own shape.
  return (entryState()?.kept as Partial<T> | undefined) ?? {};
}

/** Stores a value at this entry of the history, for when the user comes back to it. */
export function keep(value: object): void {
  history.replaceState({ at: entryState()?.at ?? 0, kept: value } satisfies EntryState, "");
}

/** Numbers each new entry of the history at once, since several may be created before one is shown. */
function numberEntries(first: number): () => number {
  let last = first;
  const position = () => {
    const known = entryState()?.at;
    last = known ?? last + 1;
    if (known === undefined) history.replaceState({ at: last } satisfies EntryState, "");
    return last;
  };
  addEventListener("popstate", position);
  return position;
}

/** Follows the address bar. */
export function startRouter(): void {
  let shown = location.hash;
  let at = entryState()?.at ?? 0;
  history.replaceState({ ...entryState(), at }, "");
  const position = numberEntries(at);
  place.value = placeOf(shown);
  addEventListener("beforeunload", (event) => {
    if (leaveGuard.value) event.preventDefault();
  });
  addEventListener("hashchange", () => {
    const wanted = location.hash;
    const given = tokenOf(wanted);
    const target = position();
    if (given !== undefined) {
      // The user pasted the portal link of a restarted service over this page: take its token and keep the place.
      history.replaceState({ at: target }, "", shown || "#/");
      at = target;
      giveToken(given);
      lendToken();
      return;
    }
    const guard = leaveGuard.value;
    if (!guard || wanted === shown) {
      shown = wanted;
      at = target;
      place.value = placeOf(wanted);
      return;
    }
    // Return to the guarded entry, and move on only after Yes, so that Back and Forward still lead to the same entries.
    const steps = target - at;
    history.go(-steps);
    void guard().then((mayLeave) => {
      if (!mayLeave) return;
      leaveGuard.value = undefined;
      history.go(steps);
    });
  });
}
