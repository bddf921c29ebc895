import { type Signal, signal } from "@preact/signals";

const KEY = "rollcall-token";

function remembered(): string | undefined {
  try {
    return sessionStorage.getItem(KEY) ?? undefined;
  } catch {
    // Storage may be forbidden; then the token lives as long as the page.
    return undefined;
  }
}

/** The management token; undefined until somebody gives it. */
export const token: Signal<string | undefined> = signal(remembered());
/** True after the service refused the token that it was shown. */
export const tokenRefused: Signal<boolean> = signal(false);

/** Keeps the token for this window, until it is closed. */
export function giveToken(text: string): void {
  const given = text.trim();
  try {
    sessionStorage.setItem(KEY, given);
  } catch {
    // As above.
  }
  tokenRefused.value = false;
  token.value = given;
}

export function forgetToken({ refused }: { refused: boolean }): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // As above.
  }
  tokenRefused.value = refused;
  token.value = undefined;
}

/** Takes the token out of `#token=…`, and the address bar and its history with it. */
export function takeTokenFromAddress(): void {
  const match = /^#token=([^&]+)$/.exec(location.hash);
  if (!match?.[1]) return;
  giveToken(decodeURIComponent(match[1]));
  history.replaceState(null, "", "#/");
}
