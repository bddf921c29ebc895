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
  locked = false;
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

/** The token of a fragment `#token=…`; undefined for every other one. */
export function tokenOf(hash: string): string | undefined {
  const text = /^#token=([^&]+)$/.exec(hash)?.[1];
  if (text === undefined) return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

interface Message {
  readonly ask?: boolean;
  readonly token?: string;
  readonly lock?: boolean;
}

/**
 * Windows of this page lend each other the token, which none of them keeps beyond its own life: a link that is opened in a
 * second tab works. Only pages of the same origin hear it. Locking one locks all.
 */
function startLending(): ((message: Message) => void) | undefined {
  if (typeof BroadcastChannel === "undefined") return undefined;
  const channel = new BroadcastChannel(KEY);
  const post = (message: Message) => channel.postMessage(message);
  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if (data.ask && token.value !== undefined) post({ token: token.value });
    if (data.token !== undefined && token.value === undefined && !locked) giveToken(data.token);
    if (data.lock && token.value !== undefined) forgetToken({ refused: false });
  };
  return post;
}

/** Somebody locked the page: it is not to be opened by another window. */
let locked = false;
let tell: ReturnType<typeof startLending>;

/** Takes the token out of the address, and the address bar and its history with it; or asks the other windows for it. */
export function startToken(): void {
  const given = tokenOf(location.hash);
  if (given !== undefined) {
    giveToken(given);
    history.replaceState(null, "", "#/");
  }
  tell = startLending();
  // One that was refused before may wait in another window.
  if (given !== undefined) lendToken();
  if (token.value === undefined) tell?.({ ask: true });
}

/** Opens the other windows of this page that have no token. */
export function lendToken(): void {
  if (token.value !== undefined) tell?.({ token: token.value });
}

/** Forgets the token here and in every other window of this page. */
export function lockAll(): void {
  locked = true;
  tell?.({ lock: true });
  forgetToken({ refused: false });
}
