import {
  type Answer,
  type AnswerRoute,
  dashboardHost,
  formatPath,
  managementRoutes,
  type ServiceInfo,
} from "@rollcall/protocol";
import { CliError, reasonOf } from "../terminal/cli-error.js";

/** Where a service can be asked. */
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
  /** Default: 5 s; infinite for streams, which take as long as they take. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Base of the management listener: it is on loopback, whatever the host of the others. */
export const dashboardUrl = ({ host, ports }: ServiceInfo): string =>
  `http://${dashboardHost(host)}:${ports.dashboard}`;

/** The portal's address as it is printed for the owner. */
export function portalUrl(dashboard: string, token: string): string {
  return `${dashboard.replace(/\/$/, "")}/#token=${encodeURIComponent(token)}`;
}

/** Talks to the management listener of a running service. */
export class ManagementClient {
  readonly #address: ManagementAddress;

  constructor(address: ManagementAddress) {
    this.#address = address;
  }

  /** What to type to have the service again. */
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

  /** The latest attempt of a registration id, or the one with a tracking id; undefined when none is known. */
  async attempt(id: string): Promise<Answer<"attempt"> | undefined> {
    const response = await this.send(formatPath(managementRoutes.attempt.path, { id }));
    if (response.status === 404) return undefined;
    return this.#json<"attempt">(response);
  }

  async info(): Promise<ServiceInfo> {
    return this.#json<"info">(await this.send(managementRoutes.info.path));
  }

  /** The enrollments by which a device could register: its own alone, else the groups. */
  async credentials(registrationId: string): Promise<Answer<"credentials">> {
    return this.#json<"credentials">(
      await this.send(formatPath(managementRoutes.credentials.path, { registrationId })),
    );
  }

  /** Asks the service to stop; it has answered when this returns, not stopped yet. */
  async stop(): Promise<void> {
    const response = await this.send(managementRoutes.stop.path, { method: "POST" });
    if (!response.ok) throw unexpectedAnswer(response);
  }

  /** The page of the service, and what opens it: the token goes in the fragment, which is sent nowhere. */
  get portalUrl(): string {
    return portalUrl(this.#address.url, this.#address.token ?? "");
  }

  /** Sends one request with the token and returns whatever the service answers. Throws CliError when it does not answer. */
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

  /** What the network threw, worded for the user. */
  unanswered(error: unknown): CliError {
    const cause = error instanceof Error && error.cause ? error.cause : error;
    return new CliError("unreachable", `the service at ${this.#address.url} does not answer: ${reasonOf(cause)}`, {
      next: this.startCommand,
      cause: error,
    });
  }

  async #json<Route extends AnswerRoute>(response: Response): Promise<Answer<Route>> {
    if (!response.ok) throw unexpectedAnswer(response);
    // The service is of the same version as this client: both come in one package.
    return (await response.json()) as Answer<Route>;
  }
}

/** An answer that a healthy service does not give. */
export function unexpectedAnswer(response: Response): CliError {
  if (response.status === 401) {
    return new CliError(
      "unreachable",
      "the service does not accept the token of this location: another service has its port",
      { next: "rollcall info --location <dir>" },
    );
  }
  return new CliError("unexpected", `the service answered ${response.status} ${response.statusText}`.trimEnd());
}
