import { sql } from "kysely";
import type { EnrollmentKind, LookUpKind } from "./schema.js";
import { reading, writing } from "./statement.js";
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

export const enrollment = reading<EnrollmentKey>().as(({ database, p }) =>
  database
    .selectFrom("enrollments")
    .select("record")
    .where("id_scope", "=", p.scope)
    .where("kind", "=", p.kind)
    .where("enrollment_key", "=", p.enrollment_key),
);

/** Reads the row and locks it against deletion until the transaction ends. It can still be updated. */
export const lockedEnrollment = reading<EnrollmentKey>().as(({ database, p, spelling }) =>
  database
    .selectFrom("enrollments")
    .select(["etag", "provisioning_status"])
    .where("id_scope", "=", p.scope)
    .where("kind", "=", p.kind)
    .where("enrollment_key", "=", p.enrollment_key)
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
    database
      .selectFrom("enrollments")
      .select("etag")
      .where("id_scope", "=", p.scope)
      .where("kind", "=", p.kind)
      .where("enrollment_key", "=", p.enrollment_key),
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
      .where("id_scope", "=", p.scope)
      .where("kind", "=", p.kind)
      .where("enrollment_key", "=", p.enrollment_key)
      .where("etag", "=", p.expected),
  ),
  remove: writing(({ database, p }) =>
    database
      .deleteFrom("enrollments")
      .where("id_scope", "=", p.scope)
      .where("kind", "=", p.kind)
      .where("enrollment_key", "=", p.enrollment_key)
      .where("etag", "=", p.expected),
  ),
};

type OfKind = { readonly kind: EnrollmentKind; readonly status: "enabled" | "disabled" };

/** Pages of all enrollments of a kind, or of those with one status. Each walks an index in the order of the page. */
const pages = (withStatus: boolean): Paged<OfKind> => ({
  page: reading<OfKind & { readonly after: string; readonly limit: number }>().as(({ database, p }) =>
    database
      .selectFrom("enrollments")
      .select("record")
      .where("id_scope", "=", p.scope)
      .where("kind", "=", p.kind)
      .$if(withStatus, (query) => query.where("provisioning_status", "=", p.status))
      .where("enrollment_key", ">", p.after)
      .orderBy("enrollment_key")
      .limit(p.limit),
  ),
  sliceEnd: reading<OfKind & { readonly after: string; readonly skip: number }>().as(({ database, p }) =>
    database
      .selectFrom("enrollments")
      .select("enrollment_key as key")
      .where("id_scope", "=", p.scope)
      .where("kind", "=", p.kind)
      .$if(withStatus, (query) => query.where("provisioning_status", "=", p.status))
      .where("enrollment_key", ">", p.after)
      .orderBy("enrollment_key")
      .limit(1)
      .offset(p.skip),
  ),
  matches: reading<
    OfKind & { readonly after: string; readonly end: string; readonly part: string; readonly limit: number }
  >().as(({ database, p, spelling }) =>
    database
      .selectFrom("enrollments")
      .select("record")
      .where("id_scope", "=", p.scope)
      .where("kind", "=", p.kind)
      .$if(withStatus, (query) => query.where("provisioning_status", "=", p.status))
      .where("enrollment_key", ">", p.after)
      .where("enrollment_key", "<=", p.end)
      .where(spelling.contains(sql.ref("enrollment_key"), p.part))
      .orderBy("enrollment_key")
      .limit(p.limit),
  ),
});

export const enrollmentPages = { all: pages(false), ofStatus: pages(true) };
