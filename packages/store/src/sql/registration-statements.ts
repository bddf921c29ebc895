import { expressionBuilder } from "kysely";
import type { EnrollmentKind, Schema } from "./schema.js";
import { type Ingredients, reading, type Scoped, writing } from "./statement.js";
import type { Versioned } from "./versions.js";

export type RegistrationKey = { readonly registration_key: string };
export type RegistrationContent = {
  readonly enrollment_kind: EnrollmentKind;
  readonly enrollment_key: string;
  readonly etag: string;
  readonly record: string;
};
type Page = { readonly after: string; readonly limit: number };

/** The row of a registration. */
const atKey = (p: Scoped<RegistrationKey>) =>
  expressionBuilder<Schema, "registrations">().and({ id_scope: p.scope, registration_key: p.registration_key });

export const registration = reading<RegistrationKey>().as(({ database, p }) =>
  database.selectFrom("registrations").select("record").where(atKey(p)),
);

/** The registrations behind `after`, in the order of a page. */
const registrationsBehind = ({ database, p }: Ingredients<Page>) =>
  database
    .selectFrom("registrations")
    .select("record")
    .where("id_scope", "=", p.scope)
    .where("registration_key", ">", p.after)
    .orderBy("registration_key")
    .limit(p.limit);

export const registrationPage = reading<Page>().as(registrationsBehind);

export const registrationPageOf = reading<
  Page & { readonly enrollment_kind: EnrollmentKind; readonly enrollment_key: string }
>().as((given) =>
  registrationsBehind(given)
    .where("enrollment_kind", "=", given.p.enrollment_kind)
    .where("enrollment_key", "=", given.p.enrollment_key),
);

export const registrationVersions: Versioned<RegistrationKey, RegistrationContent> = {
  table: "registrations",
  etag: reading<RegistrationKey>().as(({ database, p }) =>
    database.selectFrom("registrations").select("etag").where(atKey(p)),
  ),
  replace: writing(({ database, p }) =>
    database
      .updateTable("registrations")
      .set({ enrollment_kind: p.enrollment_kind, enrollment_key: p.enrollment_key, etag: p.etag, record: p.record })
      .where(atKey(p))
      .where("etag", "=", p.expected),
  ),
  remove: writing(({ database, p }) =>
    database.deleteFrom("registrations").where(atKey(p)).where("etag", "=", p.expected),
  ),
};

/** Deletes the registration if it came from an individual enrollment. A group's registration stays. */
export const dropRegistrationOfIndividual = writing<RegistrationKey>(({ database, p }) =>
  database.deleteFrom("registrations").where(atKey(p)).where("enrollment_kind", "=", "individual"),
);
