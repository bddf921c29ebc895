import type { AttestationKind, FindingCode, Transport } from "@rollcall/protocol";
import type { Phase, PhaseTimes } from "../device/phases.js";

/** What must become of a device for the run to be as expected. */
export type Expectation =
  | { readonly outcome: "assigned" }
  | { readonly outcome: "refused"; readonly finding?: FindingCode; readonly errorCode?: number };

/** What became of one device. */
export type DeviceEnd =
  | {
      readonly outcome: "assigned";
      readonly assignedHub: string;
      readonly deviceId: string;
      /** Unread where the run left the hubs out. */
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
  /** Absent when all is as expected; else what is not. */
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

/** The tester watching itself: delay of its event loop while the fleet ran, milliseconds. */
export interface TesterHealth {
  readonly loopDelayP99: number;
  readonly loopDelayMax: number;
  /** Share of one core's time that this process used. */
  readonly cpu: number;
  /** True when these latencies say more about the tester than about the service. */
  readonly bottleneck: boolean;
}

export interface FleetReport {
  readonly fleet: string;
  /** ISO date of the start. */
  readonly startedAt: string;
  readonly durationMs: number;
  /** Stopped by the caller before every device was through. */
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
