import { type Signal, signal } from "@preact/signals";

const KEY = "rollcall-token";

function remembered(): string | undefined {
  try {
    return sessionStorage.getItem(KEY) ?? undefined;
  } catch {
    // The browser may forbid storage; then the token is lost when the page is closed or reloaded.
    return undefined;
  }
}

/** The management token; undefined until the user gives it. */
export const token: Signal<string | undefined> = signal(remembered());
/** True after the service refused the token. */
export const tokenRefused: Signal<boolean> = signal(false);

/** Keeps the token for this window, until it is closed. */
export function giveToken(text: string): void {
  const given = text.trim();
  locked = false;
  try {
    sessionStorage.setItem(KEY, given);
  } catch {
    // Storage is forbidden, as above.
  }
  tokenRefused.value = false;
  token.value = given;
}

export function forgetToken({ refused }: { refused: boolean }): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Storage is forbidden, as above.
  }
  tokenRefused.value = refused;
  token.value = undefined;
}

/** The token of a fragment `#token=…`; undefined for every other fragment. */
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
 * Windows of this page give each other the token, so that a link opened in a second tab works. No window stores the
 * token beyond its own life. Only pages of the same origin receive the messages. Locking one window locks all windows.
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

/** True after the user locked the page: another window must not unlock it. */
let locked = false;
let tell: ReturnType<typeof startLending>;

/** Reads the token from the address and removes it there and from the history; without one, asks the other windows. */
export function startToken(): void {
  const given = tokenOf(location.hash);
  if (given !== undefined) {
    giveToken(given);
    history.replaceState(null, "", "#/");
  }
  tell = startLending();
  // Another window may be waiting for a valid token, after the service refused its own.
  if (given !== undefined) lendToken();
  if (token.value === undefined) tell?.({ ask: true });
}

/** Unlocks the other windows of this page that have no token. */
export function lendToken(): void {
  if (token.value !== undefined) tell?.({ token: token.value });
}

/** Forgets the token here and in every other window of this page. */
export function lockAll(): void {
  locked = true;
  tell?.({ lock: true });
  forgetToken({ refused: false });
}
