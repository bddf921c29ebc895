/**
 * The tables, the same in SQLite and PostgreSQL. Every key is natural and starts with the id scope. A record is JSON text: the
 * columns beside it are only what something is looked up or compared by. `…_key` columns are ids without case (`idKey`).
 */
export interface Schema {
  readonly rollcall_schema: { readonly name: string; readonly version: number };
  readonly individual_enrollments: {
    readonly id_scope: string;
    readonly registration_key: string;
    readonly registration_id: string;
    readonly etag: string;
    readonly record: string;
  };
  /** Leaf certificates of individual enrollments: several may carry the same. */
  readonly leaf_certificates: {
    readonly id_scope: string;
    readonly thumbprint: string;
    readonly registration_key: string;
  };
  readonly endorsement_keys: { readonly id_scope: string; readonly hash: string; readonly registration_key: string };
  readonly enrollment_groups: {
    readonly id_scope: string;
    readonly group_key: string;
    readonly attestation: "symmetricKey" | "x509";
    readonly etag: string;
    readonly record: string;
  };
  readonly group_certificates: { readonly id_scope: string; readonly thumbprint: string; readonly group_key: string };
  readonly group_subjects: { readonly id_scope: string; readonly subject: string; readonly group_key: string };
  readonly registrations: {
    readonly id_scope: string;
    readonly registration_key: string;
    readonly enrollment_kind: "individual" | "group";
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
}
