import { setTimeout as delay } from "node:timers/promises";
import { registrationStatuses } from "@rollcall/protocol";
import { z } from "zod";
import type { Exchange } from "./exchange.js";
import type { Phase } from "./phases.js";
import { type AssignedState, NoAnswerError, RefusedError } from "./result.js";
import { isTransient, refusalOf, type WireReply } from "./wire-reply.js";

/** The two requests of a registration, over whatever transport. */
export interface Conversation {
  /** Sees to the connection before a request is sent and timed. */
  ready?(): Promise<void>;
  register(): Promise<WireReply>;
  operationStatus(operationId: string): Promise<WireReply>;
}

/** Pause when a reply names none: what the SDKs of Node, Python and .NET wait (wire.md#retry-after). */
const defaultPauseSeconds = 2;
/** Replies of 429 and 5xx in a row before the device gives up. */
const maxRetries = 5;

/** As loose as the SDKs are: a service may say more, and older ones say less. */
const operationStatus = z.looseObject({
  operationId: z.string().optional(),
  status: z.enum(registrationStatuses),
  registrationState: z
    .looseObject({
      assignedHub: z.string().nullish(),
      deviceId: z.string().nullish(),
      errorCode: z.number().nullish(),
      errorMessage: z.string().nullish(),
    })
    .nullish(),
});
type OperationStatus = z.output<typeof operationStatus>;

/** Asks to be registered and polls until there is an answer. */
export async function awaitAssignment(exchange: Exchange, conversation: Conversation): Promise<AssignedState> {
  let reply = await request(exchange, { conversation, phase: "register", send: () => conversation.register() });
  for (;;) {
    const answer = read(reply);
    if (answer.status === "assigned") return assigned(answer);
    if (answer.status === "failed" || answer.status === "disabled") throw failed(answer, reply.status);
    const { operationId } = answer;
    if (operationId === undefined) throw new NoAnswerError("the service is assigning, but named no operation to poll");
    await pause(exchange, reply);
    reply = await request(exchange, {
      conversation,
      phase: "poll",
      send: () => conversation.operationStatus(operationId),
    });
  }
}

interface Request {
  readonly conversation: Conversation;
  readonly phase: Phase;
  send(): Promise<WireReply>;
}

/** One request, sent again while the service asks for it. @throws RefusedError for every other 300 and above */
async function request(exchange: Exchange, { conversation, phase, send }: Request): Promise<WireReply> {
  for (let attempt = 0; ; attempt += 1) {
    await conversation.ready?.();
    const reply = await exchange.timer.time(phase, send);
    if (reply.status < 300) return reply;
    if (!isTransient(reply) || attempt === maxRetries) throw refusalOf(reply);
    await pause(exchange, reply);
  }
}

async function pause({ timer, signal }: Exchange, reply: WireReply): Promise<void> {
  const milliseconds = (reply.retryAfter ?? defaultPauseSeconds) * 1000;
  await timer.time("wait", () => delay(milliseconds, undefined, { signal }));
}

function read(reply: WireReply): OperationStatus {
  const parsed = operationStatus.safeParse(reply.body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue?.path.map(String).join(".") || "the body";
  throw new NoAnswerError(`reply ${reply.status} is no registration status: ${where}: ${issue?.message}`);
}

function assigned({ registrationState }: OperationStatus): AssignedState {
  const { assignedHub, deviceId } = registrationState ?? {};
  if (!assignedHub || !deviceId) throw new NoAnswerError("the service says assigned, but names no hub and device id");
  // The members that this package reads were checked; the rest of the document is the service's word.
  return registrationState as unknown as AssignedState;
}

function failed({ status, registrationState }: OperationStatus, wireStatus: number): RefusedError {
  return new RefusedError({
    status: wireStatus,
    ...(registrationState?.errorCode != null && { errorCode: registrationState.errorCode }),
    message: registrationState?.errorMessage || `the registration ended as ${status}`,
  });
}
