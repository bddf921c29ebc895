import { type ClientRequest, type IncomingMessage, request as requestHttp } from "node:http";
import { Agent, request as requestHttps } from "node:https";
import { createSecureContext, rootCertificates } from "node:tls";
import type { Allocator, AllocatorAnswer } from "@rollcall/engine";
import { type AllocationRequest, limits } from "@rollcall/protocol";

export interface AllocationWebhookOptions {
  /** Milliseconds for the whole call: look-up, connection, handshake and the whole answer. */
  readonly timeoutMs: number;
  /**
   * PEM of this service's CA. Over https it is trusted besides the public CAs, so that a local webhook may have a
   * certificate of this CA.
   */
  readonly caPem: string;
}

/** An allocator that calls webhooks over http and https. `open` is the number of calls that wait for an answer. */
export interface AllocationWebhook extends Allocator {
  readonly open: number;
  /** Aborts the calls that still wait. */
  close(): void;
}

/** Limits the answer's headers. Without a limit, a slow trickle of headers would fill the memory. */
const MAX_HEADER_BYTES = 16 * 1024;

/**
 * Creates the caller of webhooks. Each call has its own connection, which is closed afterwards, so that no call meets a
 * stale connection.
 */
export function createAllocationWebhook(options: AllocationWebhookOptions): AllocationWebhook {
  const calls = new Set<WebhookRequest>();
  let isClosed = false;
  let agent: Agent | undefined;
  // Made once, on demand: parsing all public roots takes a while.
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

/** An answer without the time that it took. */
type Outcome = AllocatorAnswer extends infer Each ? (Each extends AllocatorAnswer ? Omit<Each, "ms"> : never) : never;

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
    return { ...outcome, ms } as AllocatorAnswer; // A cast: TypeScript does not rebuild a union from an Omit of it.
  }

  /** Ends the call because the service stops. */
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
    // Some ends cause neither of the two events: an upgrade that was not requested, and a connection that ends early.
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

/** The message of a network error. It may hold names and addresses, never what was sent. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(reasonOf).join("; ");
  return error instanceof Error ? error.message : "unknown";
}
