/**
 * The tables, the same in SQLite and PostgreSQL. Every key is natural and starts with the id scope. A record is JSON text: the
 * columns beside it are only what something is looked up, ordered or compared by. `…_key` columns are ids without case.
 */
export interface Schema {
  readonly rollcall_schema: { readonly name: string; readonly version: number };
  /** Individual enrollments and groups: two name spaces of ids. */
  readonly enrollments: {
    readonly id_scope: string;
    readonly kind: EnrollmentKind;
    readonly enrollment_key: string;
    readonly enrollment_id: string;
    readonly provisioning_status: "enabled" | "disabled";
    readonly etag: string;
    readonly record: string;
  };
  /** What an enrollment can be found by beside its id; several may carry the same. */
  readonly look_ups: {
    readonly id_scope: string;
    readonly kind: EnrollmentKind;
    readonly look_up: LookUpKind;
    readonly value: string;
    readonly enrollment_key: string;
  };
  readonly ca_certificates: {
    readonly id_scope: string;
    readonly certificate_key: string;
    readonly etag: string;
    readonly record: string;
  };
  readonly registrations: {
    readonly id_scope: string;
    readonly registration_key: string;
    readonly enrollment_kind: EnrollmentKind;
    readonly enrollment_key: string;
    readonly etag: string;
    readonly record: string;
  };
  readonly device_identities: {
    readonly id_scope: string;
    readonly hub_key: string;
    readonly device_id: string;
    readonly registration_key: string;
    readonly record: string;
  };
  readonly twins: {
    readonly id_scope: string;
    readonly hub_key: string;
    readonly device_id: string;
    readonly etag: string;
    readonly record: string;
  };
  /** PostgreSQL only: what the nodes of a cluster have in common, a row for each file of their locations. No secrets. */
  readonly cluster_files: { readonly id_scope: string; readonly file: string; readonly fingerprint: string };
  /** SQLite only, kept by triggers: how many rows there are, of a kind or a table, and of a part of it (devices: by hub). */
  readonly tallies: { readonly id_scope: string; readonly what: string; readonly part: string; readonly count: number };
}

export type EnrollmentKind = "individual" | "group";
export type LookUpKind = "certificate" | "subject" | "endorsementKey" | "attestation";
export type TableName = Exclude<keyof Schema, "rollcall_schema" | "tallies">;

/** The primary keys, after the id scope. */
export const primaryKeys = {
  enrollments: ["kind", "enrollment_key"],
  look_ups: ["kind", "look_up", "value", "enrollment_key"],
  ca_certificates: ["certificate_key"],
  registrations: ["registration_key"],
  device_identities: ["hub_key", "device_id"],
  twins: ["hub_key", "device_id"],
  cluster_files: ["file"],
} as const satisfies Record<TableName, readonly string[]>;
