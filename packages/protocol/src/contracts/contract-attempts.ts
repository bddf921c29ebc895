import { z } from "zod";
import { attemptOutcomes } from "../facts/attempt-outcomes.js";
import { attestationTypes } from "../facts/attestation-kinds.js";
import { type Answered, text, whole } from "../facts/contract-shared.js";
import { transports } from "../facts/transports.js";
import { findingSchema } from "../findings/contract-findings.js";

const optionalText = text.exactOptional();

/** One call of a custom allocation webhook, as `explain` shows it. Contains no secret. */
const webhookCall = z
  .strictObject({
    url: text.meta({ description: "With its query masked" }),
    status: whole.exactOptional().meta({ description: "Absent when no answer began" }),
    ms: z.number().meta({ description: "From the call to the end of the answer, or to the timeout" }),
    result: text.meta({ description: "Result of the call: the chosen hub, or the fault of the answer" }),
    answer: optionalText.meta({
      description: "The beginning of an unusable answer; absent for a valid answer",
    }),
  })
  .meta({ id: "WebhookCall" });
export type WebhookCall = Answered<typeof webhookCall>;

/** Members that the record and its line in a list share. Times are milliseconds since 1970. */
const members = {
  trackingId: text,
  at: z.enum(["service", "hub"]).meta({ description: "At the provisioning service, or at the assigned hub" }),
  registrationId: text.meta({
    description: "As the device wrote it; empty when the device did not send an id. At a hub: the device id",
  }),
  idScope: optionalText,
  transport: z.enum(transports),
  remote: text,
  apiVersion: optionalText,
  clientVersion: optionalText,
  attestation: z.enum(attestationTypes).exclude(["none"]).exactOptional(),
  enrollment: z.strictObject({ kind: z.enum(["individual", "group"]), id: text }).exactOptional(),
  assignedHub: optionalText,
  deviceId: optionalText,
  operationId: optionalText,
  outcome: z.enum(attemptOutcomes),
  reply: z
    .strictObject({
      status: whole.exactOptional(),
      errorCode: whole.exactOptional(),
      connack: whole.exactOptional(),
      message: optionalText,
    })
    .exactOptional()
    .meta({ description: "The refusal that was sent to the device" }),
  startedAt: z.number(),
} as const;

/** One attempt to register or to connect to a hub, as `rollcall explain` and the management API show it. */
export const attemptRecord = z
  .strictObject({
    ...members,
    steps: z
      .array(z.strictObject({ name: text, atMs: z.number() }))
      .meta({ description: "What happened, in order, with milliseconds since startedAt" }),
    webhookCalls: z
      .array(webhookCall)
      .exactOptional()
      .meta({ description: "Calls of the allocation webhook, in order; absent when it was not called" }),
    findings: z.array(findingSchema).meta({ description: "Likely root cause first" }),
  })
  .meta({ id: "Attempt" });
export type AttemptRecord = Answered<typeof attemptRecord>;

/** An attempt as a line of a list: the likely root cause only. */
export const attemptSummary = z
  .strictObject({
    ...members,
    finding: findingSchema.exactOptional(),
    findings: whole.meta({ description: "Number of findings" }),
    lastStepMs: z.number().exactOptional().meta({ description: "Milliseconds from startedAt to the last step" }),
  })
  .meta({ id: "AttemptSummary" });
export type AttemptSummary = Answered<typeof attemptSummary>;

/** Data of the attempt stream's events, by the name of the event. */
export const attemptEvents = { attempt: attemptSummary, missed: z.strictObject({ count: whole }) } as const;
