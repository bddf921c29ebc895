import { nameKeyOf } from "@rollcall/pki";

/**
 * The key by which a subject (hex of the DER of the name) is found: equal for names that are the same by RFC 5280 section 7.1,
 * whatever their string types, case and white space. Text that is not a name is its own key.
 */
export const subjectKey = (subject: string): string => nameKeyOf(Buffer.from(subject, "hex")) ?? subject;
