import type { AttemptRecord, AttestationKind } from "@rollcall/protocol";
import { formatPath, managementRoutes } from "@rollcall/protocol";
import type { RollcallInfo } from "@rollcall/service";
import { CliError, reasonOf } from "./cli-error.js";

/** What `rollcall info -o json` prints: the contract that scripts rely on. */
export type ServiceInfo = RollcallInfo;

/** An enrollment by which a device could register; the key is the device's own, derived where the enrollment is a group. */
export interface DeviceCredentials {
  readonly kind: "individual" | "group";
  readonly id: string;
  readonly attestation: AttestationKind;
  readonly key?: string;
}

/** Where a service can be asked. */
export interface ManagementAddress {
  /** Base of the management listener: `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly token?: string | undefined;
}

const TIMEOUT_MS = 5000;

/** Talks to the management listener of a running service. */
export class ManagementClient {
  readonly #address: ManagementAddress;

  constructor(address: ManagementAddress) {
    this.#address = address;
  }

  /** True when the service answers and is ready; false when it does not answer or is not ready yet. */
  async isReady(): Promise<boolean> {
    return (await this.#get(managementRoutes.ready.path).catch(() => undefined))?.ok === true;
  }

  /** True when the service answers at all. */
  async isHealthy(): Promise<boolean> {
    return (await this.#get(managementRoutes.health.path).catch(() => undefined))?.ok === true;
  }

  /** The latest attempt of a registration id, or the one with a tracking id; undefined when none is known. */
  async attempt(id: string): Promise<AttemptRecord | undefined> {
    const response = await this.#ask(formatPath(managementRoutes.attempt.path, { id }));
    if (response.status === 404) return undefined;
    return this.#json<AttemptRecord>(response);
  }

  async info(): Promise<ServiceInfo> {
    return this.#json<ServiceInfo>(await this.#ask(managementRoutes.info.path));
  }

  /** The enrollments by which a device could register: its own alone, else the groups. */
  async credentials(registrationId: string): Promise<readonly DeviceCredentials[]> {
    return this.#json<readonly DeviceCredentials[]>(
      await this.#ask(formatPath(managementRoutes.credentials.path, { registrationId })),
    );
  }

  /** Asks the service to stop; it has answered when this returns, not stopped yet. */
  async stop(): Promise<void> {
    const response = await this.#ask(managementRoutes.stop.path, "POST");
    if (!response.ok) throw unexpectedAnswer(response);
  }

  #get(path: string, method = "GET"): Promise<Response> {
    const { token, url } = this.#address;
    return fetch(new URL(path, url), {
      method,
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
    });
  }

  async #ask(path: string, method?: string): Promise<Response> {
    try {
      return await this.#get(path, method);
    } catch (error) {
      const cause = error instanceof Error && error.cause ? error.cause : error;
      throw new CliError("unreachable", `the service at ${this.#address.url} does not answer: ${reasonOf(cause)}`, {
        next: "rollcall start",
        cause: error,
      });
    }
  }

  async #json<T>(response: Response): Promise<T> {
    if (!response.ok) throw unexpectedAnswer(response);
    // The service is of the same version as this client: both come in one package.
    return (await response.json()) as T;
  }
}

function unexpectedAnswer(response: Response): CliError {
  if (response.status === 401) {
    return new CliError(
      "unreachable",
      "the service does not accept the token of this location: another service has its port",
      { next: "rollcall info --location <dir>" },
    );
  }
  return new CliError("unexpected", `the service answered ${response.status} ${response.statusText}`.trimEnd());
}
