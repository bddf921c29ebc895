import { type Exchange, runExchange } from "./exchange.js";
import { registerOverHttp } from "./http-registration.js";
import { registerOverMqtt } from "./mqtt-registration.js";
import type { RegisterOptions } from "./options.js";
import type { AssignedState, RegisterResult } from "./result.js";

/**
 * Registers one device: connect, prove, ask, poll, answer. Rejects only when the caller aborts or gave an identity that
 * cannot be used; everything that the service does is a result.
 */
export function registerDevice(options: RegisterOptions): Promise<RegisterResult> {
  return runExchange(options, async (exchange) => {
    const started = performance.now();
    const registrationState = await register(exchange, options);
    exchange.timer.add("assigned", performance.now() - started);
    return { outcome: "assigned" as const, registrationState };
  });
}

function register(exchange: Exchange, options: RegisterOptions): Promise<AssignedState> {
  const { transport } = options;
  return transport === "http"
    ? registerOverHttp(exchange, options)
    : registerOverMqtt(exchange, { ...options, transport });
}
