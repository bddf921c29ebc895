import type { RegisterOptions } from "./options.js";
import type { RegisterResult } from "./result.js";

/**
 * Registers one device: connect, prove, ask, poll, answer. Rejects only when the caller aborts or gave an identity that
 * cannot be used; everything that the service does is a result.
 */
export async function registerDevice(options: RegisterOptions): Promise<RegisterResult> {
  throw new Error(`not built yet: ${options.registrationId}`);
}
