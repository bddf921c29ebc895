/** Which of the two credentials of an enrollment. */
export type Slot = "primary" | "secondary";
export const slotWords = {
  primary: { word: "primary", other: "secondary" },
  secondary: { word: "secondary", other: "primary" },
} as const satisfies Record<Slot, { word: Slot; other: Slot }>;

/** What takes the place of the old credential: a certificate's text, the name of a CA certificate, a key, an endorsement key. */
export type NewCredential = string;

/** What is replaced, in words. */
export type Way = "key" | "certificate" | "reference" | "endorsement key";
