import type { EnrollmentKind } from "./schema.js";
import { reading, writing } from "./statement.js";
import type { Versioned } from "./versions.js";

export type RegistrationKey = { readonly registration_key: string };
export type RegistrationContent = {
  readonly enrollment_kind: EnrollmentKind;
  readonly enrollment_key: string;
  readonly etag: string;
  readonly record: string;
};
type Page = { readonly after: string; readonly limit: number };

export const registration = reading<RegistrationKey>().as(({ database, p }) =>
  database
    .selectFrom("registrations")
    .select("record")
    .where("id_scope", "=", p.scope)
    .where("registration_key", "=", p.registration_key),
);

export const registrationPage = reading<Page>().as(({ database, p }) =>
  database
    .selectFrom("registrations")
    .select("record")
    .where("id_scope", "=", p.scope)
    .where("registration_key", ">", p.after)
    .orderBy("registration_key")
    .limit(p.limit),
);

export const registrationPageOf = reading<
  Page & { readonly enrollment_kind: EnrollmentKind; readonly enrollment_key: string }
>().as(({ database, p }) =>
  database
    .selectFrom("registrations")
    .select("record")
    .where("id_scope", "=", p.scope)
    .where("enrollment_kind", "=", p.enrollment_kind)
    .where("enrollment_key", "=", p.enrollment_key)
    .where("registration_key", ">", p.after)
    .orderBy("registration_key")
    .limit(p.limit),
);

export const registrationVersions: Versioned<RegistrationKey, RegistrationContent> = {
  table: "registrations",
  etag: reading<RegistrationKey>().as(({ database, p }) =>
    database
      .selectFrom("registrations")
      .select("etag")
      .where("id_scope", "=", p.scope)
      .where("registration_key", "=", p.registration_key),
  ),
  replace: writing(({ database, p }) =>
    database
      .updateTable("registrations")
      .set({ enrollment_kind: p.enrollment_kind, enrollment_key: p.enrollment_key, etag: p.etag, record: p.record })
      .where("id_scope", "=", p.scope)
      .where("registration_key", "=", p.registration_key)
      .where("etag", "=", p.expected),
  ),
  remove: writing(({ database, p }) =>
    database
      .deleteFrom("registrations")
      .where("id_scope", "=", p.scope)
      .where("registration_key", "=", p.registration_key)
      .where("etag", "=", p.expected),
  ),
};

/** Deletes the registration if it came from an individual enrollment. A group's registration stays. */
export const dropRegistrationOfIndividual = writing<RegistrationKey>(({ database, p }) =>
  database
    .deleteFrom("registrations")
    .where("id_scope", "=", p.scope)
    .where("registration_key", "=", p.registration_key)
    .where("enrollment_kind", "=", "individual"),
);
