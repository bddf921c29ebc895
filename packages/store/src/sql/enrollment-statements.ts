import { expressionBuilder, sql } from "kysely";
import type { EnrollmentKind, LookUpKind, Schema } from "./schema.js";
import { type Ingredients, reading, type Scoped, writing } from "./statement.js";
import type { Paged, Versioned } from "./versions.js";

export type EnrollmentKey = { readonly kind: EnrollmentKind; readonly enrollment_key: string };
export type EnrollmentContent = {
  readonly enrollment_id: string;
  readonly provisioning_status: "enabled" | "disabled";
  readonly etag: string;
  readonly record: string;
};
type Keys = { readonly kind: EnrollmentKind; readonly keys: readonly string[] };
type LookedUp = {
  readonly kind: EnrollmentKind;
  readonly look_up: LookUpKind;
  readonly values: readonly string[];
};

/** The row of an enrollment. */
const atKey = (p: Scoped<EnrollmentKey>) =>
  expressionBuilder<Schema, "enrollments">().and({
    id_scope: p.scope,
    kind: p.kind,
    enrollment_key: p.enrollment_key,
  });

export const enrollment = reading<EnrollmentKey>().as(({ database, p }) =>
  database.selectFrom("enrollments").select("record").where(atKey(p)),
);

/** Reads the row and locks it against deletion until the transaction ends. It can still be updated. */
export const lockedEnrollment = reading<EnrollmentKey>().as(({ database, p, spelling }) =>
  database
    .selectFrom("enrollments")
    .select(["etag", "provisioning_status"])
    .where(atKey(p))
    .$if(spelling.isShared, (query) => query.forKeyShare()),
);

export const enrollmentIds = reading<Keys>().as(({ database, p, spelling }) =>
  database
    .selectFrom("enrollments")
    .select(["enrollment_key", "enrollment_id"])
    .where("id_scope", "=", p.scope)
    .where("kind", "=", p.kind)
    .where(spelling.oneOf(sql.ref("enrollment_key"), p.keys)),
);

export const enrollmentsByLookUp = reading<LookedUp>().as(({ database, p, spelling }) =>
  database
    .selectFrom("enrollments")
    .select("record")
    .where("id_scope", "=", p.scope)
    .where("kind", "=", p.kind)
    .where("enrollment_key", "in", (expression) =>
      expression
        .selectFrom("look_ups")
        .select("look_ups.enrollment_key")
        .where("look_ups.id_scope", "=", p.scope)
        .where("look_ups.kind", "=", p.kind)
        .where("look_ups.look_up", "=", p.look_up)
        .where(spelling.oneOf(sql.ref("look_ups.value"), p.values)),
    )
    .orderBy("enrollment_key"),
);

export const countByLookUp = reading<{
  readonly kind: EnrollmentKind;
  readonly look_up: LookUpKind;
  readonly value: string;
}>().as(({ database, p }) =>
  database
    .selectFrom("look_ups")
    .select((row) => row.fn.countAll<number>().as("count"))
    .where("id_scope", "=", p.scope)
    .where("kind", "=", p.kind)
    .where("look_up", "=", p.look_up)
    .where("value", "=", p.value),
);

export const dropLookUps = writing<Keys>(({ database, p, spelling }) =>
  database
    .deleteFrom("look_ups")
    .where("id_scope", "=", p.scope)
    .where("kind", "=", p.kind)
    .where(spelling.oneOf(sql.ref("enrollment_key"), p.keys)),
);

export const enrollmentVersions: Versioned<EnrollmentKey, EnrollmentContent> = {
  table: "enrollments",
  etag: reading<EnrollmentKey>().as(({ database, p }) =>
    database.selectFrom("enrollments").select("etag").where(atKey(p)),
  ),
  replace: writing(({ database, p }) =>
    database
      .updateTable("enrollments")
      .set({
        enrollment_id: p.enrollment_id,
        provisioning_status: p.provisioning_status,
        etag: p.etag,
        record: p.record,
      })
      .where(atKey(p))
      .where("etag", "=", p.expected),
  ),
  remove: writing(({ database, p }) =>
    database.deleteFrom("enrollments").where(atKey(p)).where("etag", "=", p.expected),
  ),
};

type OfKind = { readonly kind: EnrollmentKind; readonly status: "enabled" | "disabled" };

/** The enrollments of a kind behind `after`, or those with one status, in the order of a page. */
const enrollmentsBehind =
  (withStatus: boolean) =>
  ({ database, p }: Ingredients<OfKind & { readonly after: string }>) =>
    database
      .selectFrom("enrollments")
      .where("id_scope", "=", p.scope)
      .where("kind", "=", p.kind)
      .$if(withStatus, (query) => query.where("provisioning_status", "=", p.status))
      .where("enrollment_key", ">", p.after)
      .orderBy("enrollment_key");

/** Each statement walks an index in the order of the page. */
const pages = (behind: ReturnType<typeof enrollmentsBehind>): Paged<OfKind> => ({
  page: reading<OfKind & { readonly after: string; readonly limit: number }>().as((given) =>
    behind(given).select("record").limit(given.p.limit),
  ),
  sliceEnd: reading<OfKind & { readonly after: string; readonly skip: number }>().as((given) =>
    behind(given).select("enrollment_key as key").limit(1).offset(given.p.skip),
  ),
  matches: reading<
    OfKind & { readonly after: string; readonly end: string; readonly part: string; readonly limit: number }
  >().as((given) =>
    behind(given)
      .select("record")
      .where("enrollment_key", "<=", given.p.end)
      .where(given.spelling.contains(sql.ref("enrollment_key"), given.p.part))
      .limit(given.p.limit),
  ),
});

export const enrollmentPages = { all: pages(enrollmentsBehind(false)), ofStatus: pages(enrollmentsBehind(true)) };
