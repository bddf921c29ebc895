import type { ExitKind } from "./exit-codes.js";

/** A failure that the user can do something about: a message of one line, and the command to type next. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly kind: ExitKind;
  readonly next: string | undefined;
  constructor(
    kind: ExitKind,
    message: string,
    options: { readonly next?: string | undefined; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.next = options.next;
  }
}

/** The message of a thrown value, trimmed. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim() === "" ? "no reason given" : text.trim();
}

/** The `code` of a system error such as ENOENT. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
