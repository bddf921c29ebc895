/** The primary or the secondary credential of an enrollment. */
export type Slot = "primary" | "secondary";
export const slotWords = {
  primary: { word: "primary", other: "secondary" },
  secondary: { word: "secondary", other: "primary" },
} as const satisfies Record<Slot, { word: Slot; other: Slot }>;

/** The new credential: a certificate's text, the name of a CA certificate, a key, or an endorsement key. */
export type NewCredential = string;

/** The sort of credential that is replaced, in words. */
export type Way = "key" | "certificate" | "reference" | "endorsement key";
