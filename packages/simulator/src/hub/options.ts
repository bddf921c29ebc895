import type { HubTransport, JsonObject } from "@rollcall/protocol";
import type { DeviceIdentity } from "../attestation/proving/identity.js";
import type { ExchangeOptions } from "../device/options.js";
import type { PhaseTimes } from "../device/phases.js";
import type { Refusal, Unreachable } from "../device/result.js";

export interface HubOptions extends ExchangeOptions {
  /** `assignedHub` of the registration: a host name or address without a port. */
  readonly assignedHub: string;
  readonly deviceId: string;
  /** The identity that registered; a TPM has the key of the final answer by now. */
  readonly identity: DeviceIdentity;
  readonly transport?: HubTransport;
  /** 8883 for mqtt, 443 for mqtt-ws. */
  readonly port?: number;
  readonly ca: string;
  readonly apiVersion?: string;
  /** Patched into the reported properties after the twin was read. */
  readonly reported?: JsonObject;
  /** Messages, sent one after the other at QoS 1. */
  readonly telemetry?: readonly JsonObject[];
}

/** A twin as its device sees it. */
export interface DeviceTwin {
  readonly desired: JsonObject;
  readonly reported: JsonObject;
}

/** The outcome of a device's connection to its hub. */
export type HubResult = { readonly phases: PhaseTimes } & (
  | {
      readonly outcome: "connected";
      readonly twin: DeviceTwin;
      readonly reportedVersion?: number;
      readonly telemetrySent: number;
    }
  | Refusal
  | Unreachable
);
