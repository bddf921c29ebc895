import type { CertificateCache } from "@rollcall/pki";
import {
  customAllocationMessage,
  type Finding,
  finding,
  type LinkedHub,
  limits,
  maskedWebhookUrl,
  parseAllocationResponse,
  readableText,
  type WebhookCall,
  withoutWebhookSecrets,
} from "@rollcall/protocol";
import { enrollmentId } from "../records/enrollment-id.js";
import type { Allocation } from "./allocate.js";
import { type AllocationQuestion, allocationRequest } from "./allocation-request.js";
import type { Allocator, AllocatorAnswer } from "./allocator.js";

type Answer<Kind extends AllocatorAnswer["kind"]> = Extract<AllocatorAnswer, { kind: Kind }>;

/**
 * The result of a webhook's answer. `got` of the finding is for people; the beginning of the answer is reported
 * separately.
 */
type Judgement =
  | (Extract<Allocation, { hub: unknown }> & { readonly finding?: never })
  | Extract<Allocation, { finding: Finding }>;

/** The parts of the engine that custom allocation needs. */
export interface CustomAllocationParts {
  readonly allocator: Allocator;
  readonly certificates: CertificateCache;
}

/** One device's request to its webhook: sent once, and again only when its content has changed meanwhile. */
export class CustomAllocation {
  readonly #parts: CustomAllocationParts;
  #asked: { readonly text: string; readonly allocation: Allocation } | undefined;

  constructor(parts: CustomAllocationParts) {
    this.#parts = parts;
  }

  /**
   * Returns the hub that the webhook chooses, with its twin and payload; else the finding that says why there is no
   * hub.
   */
  async choose(question: AllocationQuestion): Promise<Allocation> {
    const { enrollment, hubs, request } = question;
    const url = enrollment.source.customAllocationDefinition?.webhookUrl;
    if (url === undefined)
      return { finding: finding("webhook.notDefined", { values: { id: enrollmentId(enrollment) } }) };
    const asked = allocationRequest(question, this.#parts.certificates);
    const text = JSON.stringify(asked);
    if (this.#asked?.text === text) return this.#asked.allocation;
    const answer = await this.#parts.allocator.ask(url, asked);
    const judged = judge(answer, { url, hubs });
    request.attempt.step("webhook");
    request.attempt.webhookCalled(transcript(answer, judged, url));
    this.#asked = { text, allocation: judged };
    return judged;
  }
}

interface Asked {
  readonly url: string;
  readonly hubs: readonly LinkedHub[];
}

function judge(answer: AllocatorAnswer, asked: Asked): Judgement {
  const url = maskedWebhookUrl(asked.url);
  const about = { subject: url };
  if (answer.kind === "unreachable") {
    const got = withoutWebhookSecrets(answer.reason, asked.url);
    return { finding: finding("webhook.unreachable", { ...about, values: { url }, expected: "an answer", got }) };
  }
  if (answer.kind === "timedOut") return { finding: timedOut(answer, about) };
  if (answer.kind === "tooLarge") {
    const limit = answer.limitBytes;
    const details = {
      ...about,
      values: { limit },
      expected: `at most ${limit} bytes`,
      got: `more, after ${answer.ms} ms`,
    };
    return { finding: finding("webhook.answerTooLarge", details) };
  }
  if (answer.status < 200 || answer.status > 299) {
    return { finding: failedStatus(answer, url), wireMessage: customAllocationMessage(answer.status) };
  }
  return judgeBody(answer, asked, about);
}

function timedOut({ limitMs, status, body }: Answer<"timedOut">, about: { subject: string }): Finding {
  const got =
    status === undefined ? "no answer" : `status ${status} and ${body.length} bytes, but no end of the answer`;
  return finding("webhook.timedOut", {
    ...about,
    values: { limit: limitMs },
    expected: `the whole answer within ${limitMs} ms`,
    got,
  });
}

/** 401 has a row and an error code of its own (how-to-use-custom-allocation-policies.md). */
const refusedCall = 401;

function failedStatus({ status, location, ms }: Answer<"answered">, url: string): Finding {
  const elsewhere = location === undefined ? "" : `, to ${maskedWebhookUrl(location)}: redirections are not followed`;
  return finding(status === refusedCall ? "webhook.unauthorized" : "webhook.failedStatus", {
    subject: url,
    values: { status, url },
    expected: "a status of 200 to 299",
    got: `${status} after ${ms} ms${elsewhere}`,
  });
}

function judgeBody({ body }: Answer<"answered">, asked: Asked, about: { subject: string }): Judgement {
  const { hubs, url } = asked;
  const linked = hubs.map((hub) => hub.host).join(", ");
  const parsed = parseAllocationResponse(body);
  if (!parsed.ok) {
    const values = { hub: hubs[0]?.host ?? "" };
    const expected = "a JSON object with iotHubHostName";
    const got = withoutWebhookSecrets(parsed.reason, url);
    return { finding: finding("webhook.answerInvalid", { ...about, values, expected, got }) };
  }
  const { iotHubHostName, initialTwin, payload } = parsed.response;
  if (iotHubHostName === "") {
    const got = "iotHubHostName empty or null";
    return { finding: finding("webhook.hubMissing", { ...about, values: { linked }, expected: linked, got }) };
  }
  const hub = hubs.find((each) => each.host.toLowerCase() === iotHubHostName.toLowerCase());
  if (!hub) {
    const got = withoutWebhookSecrets(iotHubHostName, url);
    return { finding: finding("webhook.hubNotOffered", { ...about, values: { linked }, expected: linked, got }) };
  }
  return {
    hub,
    ...(initialTwin && { initialTwin }),
    ...(payload && { payload }),
  };
}

function transcript(answer: AllocatorAnswer, judged: Judgement, url: string): WebhookCall {
  const status = "status" in answer ? answer.status : undefined;
  const refused = judged.finding;
  return {
    url: maskedWebhookUrl(url),
    ...(status !== undefined && { status }),
    ms: answer.ms,
    result: refused
      ? [refused.code, refused.got].filter((part) => part !== undefined).join(": ")
      : `chose ${judged.hub.host}`,
    ...(refused && "body" in answer && answer.body.length > 0 && { answer: beginning(answer.body, url) }),
  };
}

/** A character takes at most four bytes. */
const BYTES_SHOWN = limits.webhookAnswerShown * 4;

/** A member whose name says that its value is a secret, quoted as in JSON; the end of the value may be cut off. */
const SECRET_MEMBER =
  /("[^"\\]{0,40}(?:key|token|secret|password|credential|sig)[^"\\]{0,20}"\s{0,9}:\s{0,9})"(?:[^"\\]|\\.)*"?/gi;

/** The beginning of an answer, for people who want to recognise it, with secrets masked. */
function beginning(body: Uint8Array, url: string): string {
  const start = Buffer.from(body.subarray(0, BYTES_SHOWN)).toString("utf8");
  const hidden = withoutWebhookSecrets(start, url).replace(SECRET_MEMBER, '$1"…"');
  return readableText(hidden, limits.webhookAnswerShown);
}
