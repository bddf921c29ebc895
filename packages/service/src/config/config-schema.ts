import {
  allocationPolicies,
  DEFAULT_ALLOCATION_POLICY,
  decodeBase64,
  isHost,
  limits,
  permissions,
  transportRows,
} from "@rollcall/protocol";
import { z } from "zod";
import { OWNER_POLICY } from "./policies.js";

/** `3`, `3s`, `500ms`, `2m`; a bare number is seconds. */
const duration = z.union([
  z.number().nonnegative(),
  z.string().regex(/^\d+(\.\d+)?(ms|s|m)?$/, "is not a duration: write 3s, 500ms or 2m"),
]);

/** A duration in milliseconds. */
export function milliseconds(value: z.output<typeof duration>): number {
  const [, number = "0", unit = "s"] = /^([\d.]+)(ms|s|m)?$/.exec(String(value)) ?? [];
  return Math.round(Number(number) * { ms: 1, s: 1000, m: 60_000 }[unit as "ms" | "s" | "m"]);
}

/** All policies but custom: a webhook belongs to an enrollment, not to the service. */
const servicePolicies = allocationPolicies.filter((policy) => policy !== "custom");

/** Ten minutes: long enough to step through a webhook in a debugger. A device gives up long before. */
const MAX_WEBHOOK_MS = 600_000;

const port = z.int().min(0).max(65_535);
/** A host name or an address, without the other parts of a URL. */
const host = z.string().refine(isHost, "is not a host name or address: leave out scheme, port and brackets");

/** The kind of store, or the URL of a PostgreSQL server. */
const store = z
  .string()
  .refine(
    (text) => text === "sqlite" || text === "memory" || (/^postgres(ql)?:\/\/./.test(text) && URL.canParse(text)),
    "is not a store: write sqlite, memory or postgres://user:password@host/database",
  );

const hub = z.strictObject({
  host: host
    .refine((name) => name.includes(".") || name.includes(":"), "needs a dot in it: the C and Java SDKs look for one")
    .describe("Host name as devices get it in assignedHub; no port"),
  name: z.string().optional().describe("A label for people"),
  weight: z.int().min(1).max(1000).default(1).describe("Share of the hashed allocation"),
  applyAllocationPolicy: z.boolean().default(true).describe("False: only for enrollments that name it"),
  latency: z.number().nonnegative().optional().describe("Milliseconds, for geoLatency"),
});

const listenSchema = z.strictObject({
  host: host.default("127.0.0.1").describe("Address of the device listeners; 127.0.0.1 includes ::1"),
  mqtt: port.default(transportRows.mqtt.defaultPort).describe("MQTT over TLS, service and hub; 0: any free port"),
  https: port.default(transportRows.http.defaultPort).describe("HTTPS and WebSockets"),
  httpsFallback: port.default(8443).describe("Used in place of 443 when 443 is not available"),
  dashboard: port.default(8080).describe("Plain HTTP, loopback only: health, attempts, portal"),
});

const logSchema = z.strictObject({
  level: z.enum(["silent", "error", "warn", "info", "debug", "trace"]).default("info"),
  format: z.enum(["pretty", "json"]).optional().describe("Default: pretty on a terminal, else json"),
  file: z.string().optional().describe("Write to this file instead of stderr"),
});

/** base64 of 16 bytes or more. */
const policyKey = z
  .string()
  .refine((text) => (decodeBase64(text)?.length ?? 0) >= 16, "is not base64 of 16 bytes or more");

const policy = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,64}$/, "is not a policy name: up to 64 letters, digits and - . _")
    .refine((name) => name !== OWNER_POLICY, `is the built-in policy ${OWNER_POLICY}; its keys are in the location`)
    .describe("SharedAccessKeyName of its connection strings"),
  permissions: z.array(z.enum(permissions)).min(1),
  primaryKey: policyKey.optional().describe("base64; default: derived from the key of the location"),
  secondaryKey: policyKey.optional(),
});

const settings = z.strictObject({
  idScope: z
    .string()
    .regex(/^[A-Za-z0-9]{1,64}$/, "is not an ID scope: letters and digits only")
    .default("0ne00000000"),
  location: z.string().min(1).default("./.rollcall").describe("CA, keys and state; made with mode 0700"),
  inMemory: z.boolean().default(false).describe("Forget everything on stop: keys, CA and store"),
  store: store
    .optional()
    .describe("sqlite (default: a database in the location), memory, or postgres://… for several nodes"),
  listen: listenSchema.prefault({}),
  hubs: z
    .array(hub)
    .min(1)
    .refine((hubs) => new Set(hubs.map((each) => each.host.toLowerCase())).size === hubs.length, "names a host twice")
    .optional()
    .describe("Linked hubs; default: one, at the address of this service"),
  hubHost: host.optional().describe("Host of the one default hub"),
  allocationPolicy: z
    .enum(servicePolicies, { error: `is not a policy for a whole service: ${servicePolicies.join(", ")}` })
    .default(DEFAULT_ALLOCATION_POLICY)
    .describe(
      "For enrollments that name no policy. custom is possible for enrollments only, each with its own webhook",
    ),
  registration: z
    .strictObject({
      assigningFor: duration
        .default(0)
        .describe("How long a registration stays assigning; 0s: the first poll is assigned"),
      retryAfter: duration.default(3).describe("How long devices are told to wait before they poll; whole seconds"),
    })
    .prefault({}),
  limits: z
    .strictObject({
      registrationsPerMinute: z
        .union([z.literal("off"), z.int().positive()])
        .default("off")
        .describe("1000 to behave like the cloud"),
      webhookTimeout: duration
        .refine((value) => milliseconds(value) >= 1 && milliseconds(value) <= MAX_WEBHOOK_MS, "is not 1ms to 10m")
        .default(limits.webhookTimeoutMs / 1000)
        .describe(
          "A custom allocation webhook has to answer within this time; raise it to step through a webhook in a debugger",
        ),
    })
    .prefault({}),
  strictX509: z
    .boolean()
    .default(false)
    .describe("Individual X.509 enrollments: a leaf that a CA issued needs an uploaded, verified CA of its chain, too"),
  tpmOverMqtt: z
    .boolean()
    .optional()
    .describe("TPM attestation over MQTT, an extension; default: for loopback peers only"),
  seed: z
    .string()
    .min(1)
    .optional()
    .describe("Enrollments, loaded before ready: a JSON or YAML file, or a folder of them"),
  log: logSchema.prefault({}),
  policies: z
    .array(policy)
    .refine((policies) => new Set(policies.map((each) => each.name)).size === policies.length, "names a policy twice")
    .default([])
    .describe(`Shared access policies of the service API, besides ${OWNER_POLICY}`),
  queries: z
    .enum(["lenient", "strict"])
    .default("lenient")
    .describe(
      "A query of the service API that is not understood is answered with everything, as the cloud does; strict: with a 400",
    ),
  apiVersions: z.enum(["accept-newer", "known-only"]).default("accept-newer"),
});

/** The schema of rollcall.yaml: the one source of its types, its checks and its JSON Schema. */
export const configSchema = settings.refine(
  ({ inMemory, store }) => !inMemory || store === undefined || store === "memory",
  { path: ["store"], message: "inMemory allows no store but memory: leave one of the two settings out" },
);

/** The settings as a user may write them. */
export type ConfigInput = z.input<typeof configSchema>;
/** The settings with all defaults filled in. They are valid input again. */
export type Config = z.output<typeof configSchema>;

/** The JSON Schema of rollcall.yaml, for editors. */
export function configJsonSchema(): unknown {
  return z.toJSONSchema(configSchema, { io: "input", unrepresentable: "any" });
}

/** Whole seconds that devices are told to wait before they poll. */
export function retryAfterSeconds({ registration }: Config): number {
  return Math.ceil(milliseconds(registration.retryAfter) / 1000);
}
