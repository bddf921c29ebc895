import { setTimeout as delay } from "node:timers/promises";
import { registrationStatuses } from "@rollcall/protocol";
import { z } from "zod";
import type { Exchange } from "./exchange.js";
import type { Phase } from "./phases.js";
import { type AssignedState, NoAnswerError, RefusedError } from "./result.js";
import { isTransient, refusalOf, type WireReply } from "./wire-reply.js";

/** The two requests of a registration, over any transport. */
export interface Conversation {
  /** Opens the connection, if necessary, before a request is sent and timed. */
  ready?(): Promise<void>;
  register(): Promise<WireReply>;
  operationStatus(operationId: string): Promise<WireReply>;
}

/** Pause after a reply without retry-after: the same as in the SDKs of Node, Python and .NET (wire.md#retry-after). */
const defaultPauseSeconds = 2;
/** Number of consecutive replies of 429 and 5xx after which the device gives up. */
const maxRetries = 5;

/** As tolerant as the SDKs: a service may send more members, and older services send fewer. */
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

/** Sends the register request and polls until the registration has ended. */
export async function awaitAssignment(exchange: Exchange, conversation: Conversation): Promise<AssignedState> {
  let reply = await request(exchange, { conversation, phase: "register", send: () => conversation.register() });
  for (;;) {
    const answer = read(reply);
    if (answer.status === "assigned") return assigned(answer);
    if (answer.status === "failed" || answer.status === "disabled") throw failed(answer, reply.status);
    const { operationId } = answer;
    if (operationId === undefined)
      throw new NoAnswerError("the service answered assigning without an operation to poll");
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

/**
 * Sends a request, again as long as the service asks for a retry. @throws RefusedError for any other status of 300 and
 * above
 */
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
  throw new NoAnswerError(`reply ${reply.status} is not a registration status: ${where}: ${issue?.message}`);
}

function assigned({ registrationState }: OperationStatus): AssignedState {
  const { assignedHub, deviceId } = registrationState ?? {};
  if (!assignedHub || !deviceId) throw new NoAnswerError("the service answered assigned without hub and device id");
  // A cast: the members that this package reads were checked above.
  return registrationState as unknown as AssignedState;
}

function failed({ status, registrationState }: OperationStatus, wireStatus: number): RefusedError {
  return new RefusedError({
    status: wireStatus,
    ...(registrationState?.errorCode != null && { errorCode: registrationState.errorCode }),
    message: registrationState?.errorMessage || `the registration ended as ${status}`,
  });
}
