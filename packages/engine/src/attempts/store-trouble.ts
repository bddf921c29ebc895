/** What is wrong with the place where things are kept, in words for whoever runs the service; no path and no address. */
export interface StoreTrouble {
  readonly problem: string;
  readonly next: string;
}

/** The trouble that an error of a store tells of (`StoreError` of `@rollcall/store`); undefined for any other. */
export function storeTrouble(error: unknown): StoreTrouble | undefined {
  if (!(error instanceof Error) || error.name !== "StoreError") return undefined;
  if (!("problem" in error && "next" in error)) return undefined;
  const { problem, next } = error;
  return typeof problem === "string" && typeof next === "string" ? { problem, next } : undefined;
}
