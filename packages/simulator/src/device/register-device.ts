import type { Transport } from "@rollcall/protocol";
import { type Exchange, runExchange } from "./exchange.js";
import { registerOverHttp } from "./http-registration.js";
import { registerOverMqtt } from "./mqtt-registration.js";
import type { RegisterOptions } from "./options.js";
import type { AssignedState, RegisterResult } from "./result.js";

/**
 * Registers one device: connect, prove, register, poll. Rejects only when the caller aborts or the identity cannot be
 * used; every reaction of the service is a result.
 */
export function registerDevice(options: RegisterOptions): Promise<RegisterResult> {
  return runExchange(options, async (exchange) => {
    const started = performance.now();
    const registrationState = await ways[options.transport](exchange, options);
    exchange.timer.add("assigned", performance.now() - started);
    return { outcome: "assigned" as const, registrationState };
  });
}

type Register = (exchange: Exchange, options: RegisterOptions) => Promise<AssignedState>;

/** The function that registers a device, by transport. */
const ways: Readonly<Record<Transport, Register>> = {
  mqtt: (exchange, options) => registerOverMqtt(exchange, { ...options, transport: "mqtt" }),
  "mqtt-ws": (exchange, options) => registerOverMqtt(exchange, { ...options, transport: "mqtt-ws" }),
  http: registerOverHttp,
};
