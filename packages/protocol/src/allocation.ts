import { z } from "zod";
import type { AttestationKind } from "./attestation-kinds.js";
import type { Json, JsonObject } from "./facts/json.js";
import { limits } from "./facts/limits.js";
import { parseJson } from "./parse.js";
import { propertyProblem } from "./property-rules.js";

/** What a custom allocation webhook is asked (wire.md#webhook). Keys of devices are never in it. */
export interface AllocationRequest {
  /** The enrollment that let the device in, as the service API shows it; one of the two. */
  readonly individualEnrollment?: JsonObject;
  readonly enrollmentGroup?: JsonObject;
  readonly deviceRuntimeContext: DeviceRuntimeContext;
  /** Host names to choose from. */
  readonly linkedHubs: readonly string[];
}

interface AttestationContexts {
  readonly x509: JsonObject;
  readonly symmetricKey: Record<string, never>;
  readonly tpm: { readonly endorsementKey: string; readonly storageRootKey: string };
}
/** What a webhook learns of the attestation used: exactly one. */
export type RuntimeAttestation = { readonly [K in AttestationKind]?: AttestationContexts[K] };

export interface DeviceRuntimeContext extends RuntimeAttestation {
  readonly registrationId: string;
  /** Both when the device was assigned before. */
  readonly currentIotHubHostName?: string;
  readonly currentDeviceId?: string;
  /** As the device sent it; absent when it sent none. */
  readonly payload?: Json;
}

/** What it may answer (wire.md#webhook). */
export interface AllocationResponse {
  /** Empty when the webhook wrote null or an empty text: no hub. */
  readonly iotHubHostName: string;
  readonly initialTwin?: { readonly tags: JsonObject; readonly desired: JsonObject };
  readonly payload?: JsonObject;
}

/** A webhook's answer, or what is wrong with it. */
export type AllocationParse =
  | { readonly ok: true; readonly response: AllocationResponse }
  | { readonly ok: false; readonly reason: string };

const jsonObject = z.record(z.string(), z.json()).transform((value) => value as JsonObject);

/**
 * Properties that a hub takes, of so many bytes at most; `$`-members are about the collection (wire.md#twincollection),
 * and left out.
 */
const properties = (maxBytes: number) =>
  jsonObject
    .transform(
      (value): JsonObject => Object.fromEntries(Object.entries(value).filter(([name]) => !name.startsWith("$"))),
    )
    .superRefine((value, context) => {
      const bytes = Buffer.byteLength(JSON.stringify(value));
      const tooLarge = bytes > maxBytes ? `has ${bytes} bytes; ${maxBytes} are allowed` : undefined;
      const message = tooLarge ?? propertyProblem(value);
      if (message !== undefined) context.addIssue({ code: "custom", message });
    });

/** Samples in the documentation differ in the case of `iotHubHostName`: names are read without case. */
function anyCase(...names: readonly string[]) {
  const canonical = new Map(names.map((name) => [name.toLowerCase(), name]));
  return (value: unknown): unknown => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    const members = Object.entries(value).flatMap(([name, member]) => {
      const known = canonical.get(name.toLowerCase());
      return known === undefined ? [] : [{ name: known, member, isExact: known === name }];
    });
    // The spelling of the documentation's own type wins over others, whatever their order.
    const ordered = members.toSorted((a, b) => Number(a.isExact) - Number(b.isExact));
    return Object.fromEntries(ordered.map(({ name, member }) => [name, member]));
  };
}

const initialTwin = z.preprocess(
  anyCase("tags", "properties"),
  z.object({
    tags: properties(limits.twinTagsBytes).nullish(),
    properties: z
      .preprocess(anyCase("desired"), z.object({ desired: properties(limits.twinDesiredBytes).nullish() }))
      .nullish(),
  }),
);

const responseSchema = z.preprocess(
  anyCase("iotHubHostName", "initialTwin", "payload"),
  z.object({
    iotHubHostName: z
      .string()
      .nullable()
      .transform((host) => host ?? ""),
    initialTwin: initialTwin.nullish(),
    payload: jsonObject.nullish(),
  }),
);

/** Reads the body of a webhook's answer; names are read without case, unknown members left aside. Never throws. */
export function parseAllocationResponse(bytes: Uint8Array): AllocationParse {
  const json = parseJson(bytes);
  if (!json.ok) return json;
  if (json.value === undefined) return { ok: false, reason: "it is empty" };
  const parsed = responseSchema.safeParse(json.value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const path = issue?.path.map(String).join(".") || "the answer";
    return { ok: false, reason: `${path}: ${issue?.message ?? "unexpected"}` };
  }
  const { iotHubHostName, initialTwin: twin, payload } = parsed.data;
  return {
    ok: true,
    response: {
      iotHubHostName,
      ...(twin && { initialTwin: { tags: twin.tags ?? {}, desired: twin.properties?.desired ?? {} } }),
      ...(payload && { payload }),
    },
  };
}

/** What the device is told of a webhook that answered another status than 2xx (iotedge#3233, #7411). */
export function customAllocationMessage(status: number): string {
  return `Custom allocation failed with status code: ${status}`;
}

/** True for what can be posted to: `http` or `https`, a host, nothing before an `@`. */
export function isWebhookUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, hostname } = new URL(text);
  return /^https?:$/.test(protocol) && hostname !== "" && username === "" && password === "";
}

/** The address without what authorises the call: its query as `?****`, as the documentation's sample shows it. */
export function maskedWebhookUrl(text: string): string {
  if (!URL.canParse(text)) return "****";
  const { protocol, host, pathname, search } = new URL(text);
  return `${protocol}//${host}${pathname}${search === "" ? "" : "?****"}`;
}

/** Text of a webhook as people may read it: what stands in the query of its address is hidden wherever it stands. */
export function withoutWebhookSecrets(text: string, webhookUrl: string): string {
  if (!URL.canParse(webhookUrl)) return text;
  const { search, searchParams } = new URL(webhookUrl);
  const written = search
    .slice(1)
    .split("&")
    .map((pair) => pair.slice(pair.indexOf("=") + 1));
  const secrets = new Set([search, ...written, ...searchParams.values()].filter((secret) => secret.length > 3));
  // Longest first: the whole query goes before its parts.
  const ordered = [...secrets].toSorted((a, b) => b.length - a.length);
  return ordered.reduce((hidden, secret) => hidden.replaceAll(secret, "****"), text);
}
