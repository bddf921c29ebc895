import { type Signal, signal } from "@preact/signals";
import type { EnrollmentKind } from "@rollcall/protocol";

/** The enrollment that was added last: the list shows it first and marks it, regardless of its place in the order. */
export const justSaved: Signal<{ readonly kind: EnrollmentKind; readonly id: string } | undefined> = signal(undefined);
