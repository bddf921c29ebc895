/** The failure of a store, in words for the person who runs the service; without paths and addresses. */
export interface StoreTrouble {
  readonly problem: string;
  readonly next: string;
}

/** The trouble that a store's error describes (`StoreError` of `@rollcall/store`); undefined for other errors. */
export function storeTrouble(error: unknown): StoreTrouble | undefined {
  if (!(error instanceof Error) || error.name !== "StoreError") return undefined;
  if (!("problem" in error && "next" in error)) return undefined;
  const { problem, next } = error;
  return typeof problem === "string" && typeof next === "string" ? { problem, next } : undefined;
}
