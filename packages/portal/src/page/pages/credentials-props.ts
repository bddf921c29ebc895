import type { EnrollmentKind } from "@rollcall/protocol";
import type { Enrollment } from "../api/enrollments.js";
import type { Loaded } from "../parts/use-load.js";

/** The enrollment whose credentials the page shows or replaces. */
export interface CredentialsProps {
  readonly kind: EnrollmentKind;
  readonly id: string;
  readonly loaded: Loaded<Enrollment> & { readonly value: Enrollment };
}
