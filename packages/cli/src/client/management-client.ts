import { type Answer, type AnswerRoute, formatPath, managementRoutes, type ServiceInfo } from "@rollcall/protocol";
import { CliError, reasonOf } from "../terminal/cli-error.js";

/** Address of a service's management listener, and the token for it. */
export interface ManagementAddress {
  /** Base of the management listener: `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly token?: string | undefined;
}

const TIMEOUT_MS = 5000;

export interface ManagementRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | ReadableStream<Uint8Array>;
  /** Default: 5 s. Infinity for streams, which have no time limit. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Base URL of the management listener. It listens on loopback, even when the other listeners use another host. */
export const dashboardUrl = ({ ports }: ServiceInfo): string => `http://127.0.0.1:${ports.dashboard}`;

/** The portal's address with the token in the fragment, as it is printed for the owner. */
export function portalUrl(dashboard: string, token: string): string {
  return `${dashboard.replace(/\/$/, "")}/#token=${encodeURIComponent(token)}`;
}

/** Talks to the management listener of a running service. */
export class ManagementClient {
  readonly #address: ManagementAddress;

  constructor(address: ManagementAddress) {
    this.#address = address;
  }

  /** The command that starts the service again. */
  protected get startCommand(): string {
    return "rollcall start";
  }

  /** True when the service answers and is ready; false when it does not answer or is not ready yet. */
  async isReady(): Promise<boolean> {
    return (await this.send(managementRoutes.ready.path).catch(() => undefined))?.ok === true;
  }

  /** True when the service answers at all. */
  async isHealthy(): Promise<boolean> {
    return (await this.send(managementRoutes.health.path).catch(() => undefined))?.ok === true;
  }

  /**
   * The latest attempt of a registration id, or the attempt with a tracking id; undefined when the service knows no
   * such attempt.
   */
  async attempt(id: string): Promise<Answer<"attempt"> | undefined> {
    const response = await this.send(formatPath(managementRoutes.attempt.path, { id }));
    if (response.status === 404) return undefined;
    return this.#json<"attempt">(response);
  }

  async info(): Promise<ServiceInfo> {
    return this.#json<"info">(await this.send(managementRoutes.info.path));
  }

  /** The enrollments by which a device could register: its individual enrollment if it has one, else the groups. */
  async credentials(registrationId: string): Promise<Answer<"credentials">> {
    return this.#json<"credentials">(
      await this.send(formatPath(managementRoutes.credentials.path, { registrationId })),
    );
  }

  /** Asks the service to stop. Returns when the service has answered, which is before it has stopped. */
  async stop(): Promise<void> {
    const response = await this.send(managementRoutes.stop.path, { method: "POST" });
    if (!response.ok) throw unexpectedAnswer(response);
  }

  /** The portal's address with the token that opens it. The token is in the fragment, which browsers do not send. */
  get portalUrl(): string {
    return portalUrl(this.#address.url, this.#address.token ?? "");
  }

  /**
   * Sends one request with the token and returns the response, of any status. Throws CliError when the service does not
   * answer.
   */
  async send(path: string, request: ManagementRequest = {}): Promise<Response> {
    const { method = "GET", headers = {}, body, timeoutMs = TIMEOUT_MS, signal } = request;
    const { token, url } = this.#address;
    const deadline = Number.isFinite(timeoutMs) ? [AbortSignal.timeout(timeoutMs)] : [];
    const init: RequestInit = {
      method,
      redirect: "error",
      signal: AbortSignal.any([...deadline, ...(signal ? [signal] : [])]),
      headers: { ...headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      ...(body !== undefined && { body, duplex: "half" }),
    };
    try {
      return await fetch(new URL(path, url), init);
    } catch (error) {
      if (signal?.aborted === true)
        throw new CliError("interrupted", "interrupted before the service answered", { cause: error });
      throw this.unanswered(error);
    }
  }

  /** Turns a network error into an error for the user. */
  unanswered(error: unknown): CliError {
    const cause = error instanceof Error && error.cause ? error.cause : error;
    return new CliError("unreachable", `the service at ${this.#address.url} does not answer: ${reasonOf(cause)}`, {
      next: this.startCommand,
      cause: error,
    });
  }

  async #json<Route extends AnswerRoute>(response: Response): Promise<Answer<Route>> {
    if (!response.ok) throw unexpectedAnswer(response);
    // The service has the same version as this client, since one package contains both.
    return (await response.json()) as Answer<Route>;
  }
}

/** The error for a response that a healthy service does not give. */
export function unexpectedAnswer(response: Response): CliError {
  if (response.status === 401) {
    return new CliError(
      "unreachable",
      "the service does not accept the token of this location: another service uses its port",
      { next: "rollcall info --location <dir>" },
    );
  }
  return new CliError("unexpected", `the service answered ${response.status} ${response.statusText}`.trimEnd());
}
