import { type Signal, signal } from "@preact/signals";
import type { EnrollmentKind } from "@rollcall/protocol";

/** The enrollment that was added last: its tab shows it first and marks it, wherever its place is among all. */
export const justSaved: Signal<{ readonly kind: EnrollmentKind; readonly id: string } | undefined> = signal(undefined);
