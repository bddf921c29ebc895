import { z } from "zod";
import { attestationTypes } from "../facts/attestation-kinds.js";
import { type Answered, text, whole } from "../facts/contract-shared.js";

/** Number of stored records of each sort. */
export const counts = z
  .strictObject({ individualEnrollments: whole, enrollmentGroups: whole, registrations: whole, certificates: whole })
  .meta({ id: "Counts" });
export type Counts = Answered<typeof counts>;

/** A query of the service API that was not understood, and answered as the cloud answers it: with everything. */
export const ignoredQuery = z
  .strictObject({
    code: z.literal("query.notUnderstood"),
    severity: z.literal("warning"),
    collection: z.enum(["enrollments", "enrollmentGroups"]),
    query: text.meta({ description: "As it came, shortened" }),
    position: whole.meta({ description: "The character at which it is not understood, from 1" }),
    title: text,
    remedy: text,
    count: whole.meta({ description: "How often this very text came" }),
    firstAt: whole.meta({ description: "Milliseconds since 1970, as lastAt" }),
    lastAt: whole,
  })
  .meta({ id: "IgnoredQuery" });
export type IgnoredQuery = Answered<typeof ignoredQuery>;

/** The facts needed to use a running service, as `rollcall info` prints them. */
export const info = z
  .strictObject({
    idScope: text,
    host: text,
    ports: z.strictObject({ mqtt: whole, https: whole, dashboard: whole }),
    deviceEndpoint: text.meta({ description: "Host of the device SDKs, with the MQTT port when it is not 8883" }),
    serviceEndpoint: text.meta({ description: "Host of the service API, with the HTTPS port when it is not 443" }),
    connectionString: text.meta({ description: "Connection string of the owner's policy, with its primary key" }),
    policies: z
      .array(z.strictObject({ name: text, primary: text, secondary: text }))
      .meta({ description: "Connection strings of every shared access policy, the owner's first" }),
    caPath: text,
    caFingerprint: text.meta({ description: "SHA-256 of the CA certificate, upper-case hex" }),
    pid: whole,
    hubs: z.array(text),
    store: z
      .strictObject({ kind: z.enum(["memory", "sqlite", "postgres"]), place: text })
      .meta({ description: "The store of enrollments, registrations and twins; place contains no password" }),
  })
  .meta({ id: "Info" });
export type ServiceInfo = Answered<typeof info>;

/** An enrollment by which a device could register. The key is the device's own; for a group it is derived. */
export const credential = z
  .strictObject({
    kind: z.enum(["individual", "group"]),
    id: text,
    attestation: z.enum(attestationTypes).exclude(["none"]),
    key: text.exactOptional().meta({ description: "base64" }),
  })
  .meta({ id: "DeviceCredentials" });
export type DeviceCredentials = Answered<typeof credential>;

/** Result of an import: the numbers of written records, and notes for the user. */
export const importResult = z
  .strictObject({
    format: z.enum(["export", "list", "seed"]),
    imported: z
      .strictObject({
        certificates: whole,
        groups: whole,
        individuals: whole,
        registrations: whole,
        identities: whole,
        twins: whole,
      })
      .meta({ description: "Number of written records of each sort" }),
    notes: z.array(text),
  })
  .meta({ id: "ImportResult" });
export type ImportResult = Answered<typeof importResult>;

export const stopping = z.strictObject({ stopping: z.literal(true) }).meta({ id: "Stopping" });
