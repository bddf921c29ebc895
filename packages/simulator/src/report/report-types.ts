import type { AttestationKind, FindingCode, Transport } from "@rollcall/protocol";
import type { Phase, PhaseTimes } from "../device/phases.js";

/** The outcome of a device that its fleet file expects. */
export type Expectation =
  | { readonly outcome: "assigned" }
  | { readonly outcome: "refused"; readonly finding?: FindingCode; readonly errorCode?: number };

/** The outcome of one device. */
export type DeviceEnd =
  | {
      readonly outcome: "assigned";
      readonly assignedHub: string;
      readonly deviceId: string;
      /** "unread" when the run does not connect to hubs. */
      readonly twin: "asPrescribed" | "different" | "unread";
    }
  | {
      readonly outcome: "refused";
      readonly at: "service" | "hub";
      readonly status: number;
      readonly errorCode?: number;
      readonly connack?: number;
      readonly trackingId?: string;
      readonly message: string;
      readonly finding?: string;
    }
  | {
      readonly outcome: "unreachable";
      readonly at: "service" | "hub";
      readonly during: Phase;
      readonly message: string;
    }
  | { readonly outcome: "interrupted" };

export interface DeviceOutcome {
  readonly registrationId: string;
  readonly group: string;
  readonly attestation: AttestationKind;
  readonly transport: Transport;
  readonly expect: Expectation;
  readonly end: DeviceEnd;
  /** Describes an unexpected outcome; absent when the outcome is as expected. */
  readonly unexpected?: string;
  readonly phases: PhaseTimes;
}

/** Milliseconds. */
export interface Latency {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

export interface AttestationReport {
  readonly devices: number;
  readonly assigned: number;
  readonly twinRead: number;
  readonly phases: Partial<Record<Phase, Latency>>;
}

/** The tester's measurement of itself: delay of its event loop during the run, in milliseconds. */
export interface TesterHealth {
  readonly loopDelayP99: number;
  readonly loopDelayMax: number;
  /** Share of one core's time that this process used. */
  readonly cpu: number;
  /** True when these latencies show the tester's limits rather than the service's. */
  readonly bottleneck: boolean;
}

export interface FleetReport {
  readonly fleet: string;
  /** ISO date of the start. */
  readonly startedAt: string;
  readonly durationMs: number;
  /** True when the caller stopped the run before every device had ended. */
  readonly interrupted: boolean;
  readonly counts: {
    readonly devices: number;
    readonly assigned: number;
    readonly twinRead: number;
    readonly refusedAsExpected: number;
    readonly unexpected: number;
    readonly interrupted: number;
  };
  readonly attestations: Partial<Record<AttestationKind, AttestationReport>>;
  readonly phases: Partial<Record<Phase, Latency>>;
  /** HDR histograms in microseconds, standard base64 encoding, by `attestation/phase`: reports merge exactly. */
  readonly histograms: Readonly<Record<string, string>>;
  readonly tester: TesterHealth;
  readonly devices: readonly DeviceOutcome[];
}
