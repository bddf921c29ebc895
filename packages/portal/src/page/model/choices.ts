import type { EnrollmentKind } from "@rollcall/protocol";
import { allocationPolicies } from "@rollcall/protocol/statuses";
import { allocationWords, reprovisionPolicies } from "@rollcall/protocol/words";

export interface Choice<T extends string> {
  readonly value: T;
  readonly label: string;
  readonly hint?: string;
}

const choicesOf = <T extends string>(
  words: Readonly<Record<T, { readonly label: string; readonly hint: string }>>,
  values: readonly T[],
): readonly Choice<T>[] => values.map((value) => ({ value, label: words[value].label, hint: words[value].hint }));

export const allocationChoices = choicesOf(allocationWords, allocationPolicies);
export const reprovisionChoices = choicesOf(reprovisionPolicies, ["migrate", "reset", "never"]);

/** Names of the two kinds on the page. */
export const kindWords = {
  individual: { one: "individual enrollment", many: "Individual Enrollments", id: "Registration ID" },
  group: { one: "enrollment group", many: "Enrollment Groups", id: "Group name" },
} as const satisfies Record<EnrollmentKind, unknown>;
