/**
 * The tables, the same in SQLite and PostgreSQL. Every key is natural and starts with the id scope. `record` is JSON
 * text; the other columns exist only to look up, order or compare rows. `…_key` columns hold ids in lower case.
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
  /** Values by which an enrollment can be found, besides its id. Several enrollments may have the same value. */
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
    /** JSON of what the hub keeps of the device's session; empty when it keeps nothing. */
    readonly session: string;
  };
  readonly twins: {
    readonly id_scope: string;
    readonly hub_key: string;
    readonly device_id: string;
    readonly etag: string;
    readonly record: string;
  };
  /** Modules of devices; the twin of a module stands in `twins`, under `{device_id}/{module_id}`. */
  readonly module_identities: {
    readonly id_scope: string;
    readonly hub_key: string;
    readonly device_id: string;
    readonly module_id: string;
    readonly etag: string;
    readonly record: string;
  };
  /**
   * PostgreSQL only: fingerprints of the files that all nodes of a cluster share, one row per file. Nothing in it is
   * secret.
   */
  readonly cluster_files: { readonly id_scope: string; readonly file: string; readonly fingerprint: string };
  /**
   * SQLite only, kept by triggers: the number of rows of a table, or of a kind of enrollment (`what`). `part` is the
   * hub when devices are counted.
   */
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
  module_identities: ["hub_key", "device_id", "module_id"],
  cluster_files: ["file"],
} as const satisfies Record<TableName, readonly string[]>;
