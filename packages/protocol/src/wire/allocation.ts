import { z } from "zod";
import type { AttestationKind } from "../facts/attestation-kinds.js";
import type { Json, JsonObject } from "../facts/json.js";
import { limits } from "../facts/limits.js";
import { parseJson } from "./parse-json.js";
import { propertyProblem } from "./property-rules.js";

/** The request to a custom allocation webhook (wire.md#webhook). It never contains keys of devices. */
export interface AllocationRequest {
  /** The enrollment that the device registers with, as the service API returns it; exactly one of the two members. */
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
/** The attestation of the device as the webhook sees it: exactly one member. */
export type RuntimeAttestation = { readonly [K in AttestationKind]?: AttestationContexts[K] };

export interface DeviceRuntimeContext extends RuntimeAttestation {
  readonly registrationId: string;
  /** Both when the device was assigned before. */
  readonly currentIotHubHostName?: string;
  readonly currentDeviceId?: string;
  /** The payload as the device sent it; absent when it sent no payload. */
  readonly payload?: Json;
}

/** The answer of a webhook (wire.md#webhook). */
export interface AllocationResponse {
  /** Empty when the webhook wrote null or an empty text: no hub. */
  readonly iotHubHostName: string;
  readonly initialTwin?: { readonly tags: JsonObject; readonly desired: JsonObject };
  readonly payload?: JsonObject;
}

/** A webhook's answer, or the reason why it is invalid. */
export type AllocationParse =
  | { readonly ok: true; readonly response: AllocationResponse }
  | { readonly ok: false; readonly reason: string };

const jsonObject = z.record(z.string(), z.json()).transform((value) => value as JsonObject);

/**
 * Properties that a hub accepts, of at most `maxBytes`. Leaves out `$`-members, which describe the collection
 * (wire.md#twincollection).
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

/** Reads names without case, since samples in the documentation differ in the case of `iotHubHostName`. */
function anyCase(...names: readonly string[]) {
  const canonical = new Map(names.map((name) => [name.toLowerCase(), name]));
  return (value: unknown): unknown => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    const members = Object.entries(value).flatMap(([name, member]) => {
      const known = canonical.get(name.toLowerCase());
      return known === undefined ? [] : [{ name: known, member, isExact: known === name }];
    });
    // The spelling of the documentation's own type wins over other spellings, in any order.
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

/** Reads the body of a webhook's answer; reads names without case and ignores unknown members. Never throws. */
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

/** The device's error message when the webhook answered a status other than 2xx (iotedge#3233, #7411). */
export function customAllocationMessage(status: number): string {
  return `Custom allocation failed with status code: ${status}`;
}

/** True for an address that accepts a POST: `http` or `https`, a host, no user or password. */
export function isWebhookUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, hostname } = new URL(text);
  return /^https?:$/.test(protocol) && hostname !== "" && username === "" && password === "";
}

/** The address with its query, which may contain a key, masked as `?****`, as in the documentation's sample. */
export function maskedWebhookUrl(text: string): string {
  if (!URL.canParse(text)) return "****";
  const { protocol, host, pathname, search } = new URL(text);
  return `${protocol}//${host}${pathname}${search === "" ? "" : "?****"}`;
}

/** Text of a webhook that is safe to show: masks every occurrence of the values in its address's query. */
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
