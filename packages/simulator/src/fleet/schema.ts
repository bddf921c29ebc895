import {
  allocationPolicies,
  DEFAULT_TRANSPORT,
  type FindingCode,
  findingRows,
  isWebhookUrl,
  type Json,
  type JsonObject,
  transports,
} from "@rollcall/protocol";
import { z } from "zod";
import { faults, groupAttestation, slug } from "../attestation/proving/fleet-types.js";

const findingCodes = Object.keys(findingRows) as FindingCode[];

const json = z.json().transform((value) => value as Json);
const jsonObject = z.record(z.string(), z.json()).transform((value) => value as JsonObject);

const transport = z.enum(transports);

const expectation = z.union(
  [
    z.literal("assigned").transform(() => ({ outcome: "assigned" as const })),
    z
      .strictObject({
        refused: z.strictObject({ finding: z.enum(findingCodes).optional(), errorCode: z.int().positive().optional() }),
      })
      .transform(({ refused: { finding, errorCode } }) => ({
        outcome: "refused" as const,
        ...(finding !== undefined && { finding }),
        ...(errorCode !== undefined && { errorCode }),
      })),
  ],
  { error: "must be `assigned`, or `{ refused: { finding: …, errorCode: … } }` with an existing finding" },
);

const deviceGroup = z.strictObject({
  name: slug,
  count: z.int().min(1).max(100_000).default(1),
  /** `%i`, or `%03i` for leading zeros, is the device's number in the group, from 1. */
  idPattern: z.string().min(1).max(128).optional(),
  attestation: groupAttestation.optional(),
  /** The devices attest like that group, by its enrollment: for devices of a group that deviate. */
  enrolledIn: slug.optional(),
  transport: z
    .union([transport.transform((one) => [one]), z.array(transport).min(1)], {
      error: `is not one of ${transports.join(", ")}, or a list of them`,
    })
    .default([DEFAULT_TRANSPORT]),
  twin: z.strictObject({ desired: jsonObject.default({}), tags: jsonObject.default({}) }).optional(),
  payload: json.optional(),
  allocation: z
    .strictObject({
      policy: z.enum(allocationPolicies).optional(),
      hubs: z.array(z.string().min(1)).default([]),
      webhook: z.string().refine(isWebhookUrl, "is not a webhook address").optional(),
    })
    .refine(({ policy, webhook }) => (policy === "custom") === (webhook !== undefined), {
      error: "a webhook belongs to the policy custom, and the policy custom needs a webhook",
      path: ["webhook"],
    })
    .optional(),
  fault: z.enum(faults).default("none"),
  expect: expectation.optional(),
});

/** A fleet file, `devices/fleets/*.yaml`. */
export const fleetFileSchema = z.strictObject({
  name: slug,
  seed: z.union([z.int(), z.string().min(1)], { error: "must be a whole number or a text" }).transform(String),
  certificates: z.strictObject({ notBefore: z.iso.date(), notAfter: z.iso.date() }).default({
    notBefore: "2026-01-01",
    notAfter: "2036-01-01",
  }),
  devices: z.array(deviceGroup).min(1),
});

export type FleetFile = z.output<typeof fleetFileSchema>;
export type DeviceGroup = FleetFile["devices"][number];
