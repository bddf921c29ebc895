import type { LinkedHub } from "@rollcall/protocol";

/** The linked hubs. */
export interface Hubs {
  linked(): readonly LinkedHub[];
}

/** Milliseconds since 1970. */
export type Clock = () => number;
/** `size` random bytes. */
export type Random = (size: number) => Buffer;
