import { type ClientRequest, type IncomingMessage, request as requestHttp } from "node:http";
import { Agent, request as requestHttps } from "node:https";
import { createSecureContext, rootCertificates } from "node:tls";
import type { Allocator, AllocatorAnswer } from "@rollcall/engine";
import { type AllocationRequest, limits } from "@rollcall/protocol";

export interface AllocationWebhookOptions {
  /** Milliseconds for everything: look-up, connection, handshake and the whole answer. */
  readonly timeoutMs: number;
  /** PEM of the CA of this service. Over https it is trusted besides the public ones, so that a local webhook may have its certificate from here. */
  readonly caPem: string;
}

/** Webhooks over http and https, as an allocator; `open` counts the calls that wait. */
export interface AllocationWebhook extends Allocator {
  readonly open: number;
  /** Breaks off what is still waiting. */
  close(): void;
}

/** What a server may take its time with; without a limit here a trickle of headers would be kept. */
const MAX_HEADER_BYTES = 16 * 1024;

/** Makes the caller of webhooks. One connection a call, closed with it: nothing stays behind, and nothing stale is met. */
export function createAllocationWebhook(options: AllocationWebhookOptions): AllocationWebhook {
  const calls = new Set<WebhookRequest>();
  let isClosed = false;
  let agent: Agent | undefined;
  // Made once, when it is needed: parsing all public roots takes a while.
  const trusting = () => {
    const secureContext = () => createSecureContext({ ca: [...rootCertificates, options.caPem] });
    agent ??= new Agent({ secureContext: secureContext(), keepAlive: false, maxCachedSessions: 0 });
    return agent;
  };
  return {
    get open() {
      return calls.size;
    },
    async ask(webhookUrl, request) {
      const call = new WebhookRequest(options.timeoutMs);
      calls.add(call);
      try {
        const answer = call.send(webhookUrl, request, trusting);
        if (isClosed) call.abort();
        return await answer;
      } finally {
        calls.delete(call);
      }
    },
    close() {
      isClosed = true;
      for (const call of calls) call.abort();
      agent?.destroy();
    },
  };
}

/** Everything of an answer but the time that it took. */
type Outcome = AllocatorAnswer extends infer Each ? (Each extends AllocatorAnswer ? Omit<Each, "ms"> : never) : never;

/** One call. */
class WebhookRequest {
  readonly #timeoutMs: number;
  readonly #startedAt = performance.now();
  #request: ClientRequest | undefined;
  #timer: NodeJS.Timeout | undefined;
  #status: number | undefined;
  #bytes = 0;
  readonly #chunks: Buffer[] = [];
  #settle: (outcome: Outcome) => void = () => undefined;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** Never rejects; settles once, and leaves neither socket nor timer behind. */
  async send(webhookUrl: string, request: AllocationRequest, trusting: () => Agent): Promise<AllocatorAnswer> {
    const outcome = await new Promise<Outcome>((resolve) => {
      this.#settle = resolve;
      try {
        this.#open(new URL(webhookUrl), Buffer.from(JSON.stringify(request)), trusting);
      } catch (error) {
        resolve({ kind: "unreachable", reason: reasonOf(error) });
      }
    });
    clearTimeout(this.#timer);
    this.#request?.destroy();
    const ms = Math.round(performance.now() - this.#startedAt);
    return { ...outcome, ms } as AllocatorAnswer; // A cast: TypeScript does not put an Omit of a union together again.
  }

  /** The service stops: whoever waits is told so. */
  abort(): void {
    this.#settle({ kind: "unreachable", reason: "the service is stopping" });
  }

  #open(url: URL, body: Buffer, trusting: () => Agent): void {
    const options = {
      method: "POST",
      agent: false as const,
      maxHeaderSize: MAX_HEADER_BYTES,
      headers: {
        "content-type": "application/json; charset=utf-8",
        "content-length": String(body.length),
        accept: "application/json",
        "user-agent": "rollcall",
      },
    };
    this.#request =
      url.protocol === "https:" ? requestHttps(url, { ...options, agent: trusting() }) : requestHttp(url, options);
    this.#timer = setTimeout(() => this.#giveUp(), this.#timeoutMs);
    this.#request.on("response", (response) => this.#read(response));
    this.#request.on("error", (error) => this.#settle({ kind: "unreachable", reason: reasonOf(error) }));
    // What brings neither: an upgrade that nobody asked for, and a connection that ends in between.
    const brokenOff = { kind: "unreachable", reason: "the connection was closed before the answer was whole" } as const;
    this.#request.on("close", () => this.#settle(brokenOff));
    this.#request.end(body);
  }

  #read(response: IncomingMessage): void {
    const status = response.statusCode ?? 0;
    const { location } = response.headers;
    this.#status = status;
    response.on("data", (chunk: Buffer) => this.#take(chunk, status));
    response.on("error", (error) => this.#settle({ kind: "unreachable", reason: reasonOf(error) }));
    response.on("end", () => {
      if (!response.complete) return;
      const body = Buffer.concat(this.#chunks);
      this.#settle({ kind: "answered", status, body, ...(location !== undefined && { location }) });
    });
  }

  #take(chunk: Buffer, status: number): void {
    this.#bytes += chunk.length;
    this.#chunks.push(chunk);
    if (this.#bytes <= limits.webhookAnswerBytes) return;
    const body = Buffer.concat(this.#chunks).subarray(0, limits.webhookAnswerBytes);
    this.#settle({ kind: "tooLarge", limitBytes: limits.webhookAnswerBytes, status, body });
    this.#request?.destroy();
  }

  #giveUp(): void {
    const status = this.#status;
    const body = Buffer.concat(this.#chunks);
    this.#settle({ kind: "timedOut", limitMs: this.#timeoutMs, body, ...(status !== undefined && { status }) });
  }
}

/** The text and the code of an error of the network; both hold names and addresses, never what was sent. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(reasonOf).join("; ");
  return error instanceof Error ? error.message : "unknown";
}
