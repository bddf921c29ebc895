import { z } from "zod";
import { attemptOutcomes } from "./attempt-outcomes.js";
import { attestationTypes } from "./attestation-kinds.js";
import { type Answered, text, whole } from "./facts/contract-shared.js";
import { findingSchema } from "./findings/contract-findings.js";
import { transports } from "./transports.js";

const optionalText = text.exactOptional();

/** One call of a custom allocation webhook, as `explain` shows it. Holds no secret. */
const webhookCall = z
  .strictObject({
    url: text.meta({ description: "With its query masked" }),
    status: whole.exactOptional().meta({ description: "Absent when no answer began" }),
    ms: z.number().meta({ description: "From the call to the end of the answer, or of the patience" }),
    result: text.meta({ description: "What came of it: the hub that was chosen, or what was wrong" }),
    answer: optionalText.meta({
      description: "The beginning of an answer that could not be used; of a good one nothing is kept",
    }),
  })
  .meta({ id: "WebhookCall" });
export type WebhookCall = Answered<typeof webhookCall>;

/** What the record and its line in a list have in common. Times are milliseconds since 1970. */
const members = {
  trackingId: text,
  at: z.enum(["service", "hub"]).meta({ description: "At the provisioning service, or at the assigned hub" }),
  registrationId: text.meta({
    description: "As the device wrote it; empty when it never said. For a hub it is the device id",
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
    .meta({ description: "What went over the wire as refusal" }),
  startedAt: z.number(),
} as const;

/** One knock on the door, as `rollcall explain` and the management API show it. */
export const attemptRecord = z
  .strictObject({
    ...members,
    steps: z
      .array(z.strictObject({ name: text, atMs: z.number() }))
      .meta({ description: "What happened, in order, with milliseconds since startedAt" }),
    webhookCalls: z
      .array(webhookCall)
      .exactOptional()
      .meta({ description: "Calls of the allocation webhook, in order; absent when there was none" }),
    findings: z.array(findingSchema).meta({ description: "Likely root cause first" }),
  })
  .meta({ id: "Attempt" });
export type AttemptRecord = Answered<typeof attemptRecord>;

/** An attempt as a line of a list: the likely root cause only. */
export const attemptSummary = z
  .strictObject({
    ...members,
    finding: findingSchema.exactOptional(),
    findings: whole.meta({ description: "How many there are" }),
    lastStepMs: z
      .number()
      .exactOptional()
      .meta({ description: "Milliseconds since startedAt when the last step was noted" }),
  })
  .meta({ id: "AttemptSummary" });
export type AttemptSummary = Answered<typeof attemptSummary>;

/** What the stream of attempts says, by the name of the event. */
export const attemptEvents = { attempt: attemptSummary, missed: z.strictObject({ count: whole }) } as const;
