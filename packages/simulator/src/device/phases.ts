/**
 * The phases that are measured for one device, in the order in which they happen. The phases before `assigned` are
 * parts of it; those after it are separate.
 *
 * - `turn` waiting for a place to start or to connect, when a fleet limits them: caused by the tester, not by the
 * service
 * - `tls` TCP and TLS handshake · `connack` CONNECT to CONNACK (with the WebSocket upgrade) · `suback` SUBSCRIBE to
 * SUBACK
 * - `challenge` the first half of a TPM registration, activation in the TPM included
 * - `register` request to answer · `wait` pauses that the service asked for · `poll` status requests, without the
 * pauses
 * - `assigned` from the start (the scheduled start, if there is a schedule) to the final answer
 * - `hubConnect` TCP, TLS and CONNACK at the hub · `twin` SUBSCRIBE and GET to the twin
 */
export const phases = [
  "turn",
  "tls",
  "connack",
  "suback",
  "challenge",
  "register",
  "wait",
  "poll",
  "assigned",
  "hubConnect",
  "twin",
] as const;
export type Phase = (typeof phases)[number];

/** The duration in milliseconds of each phase that took place. */
export type PhaseTimes = Partial<Record<Phase, number>>;

/** Sums the durations of each phase, on the monotonic clock. */
export class PhaseTimer {
  readonly #times: PhaseTimes = {};
  /** The current phase, or the phase in which the exchange failed. */
  current: Phase = "tls";
  readonly #onPhase: ((phase: Phase, milliseconds: number) => void) | undefined;

  constructor(onPhase?: (phase: Phase, milliseconds: number) => void) {
    this.#onPhase = onPhase;
  }

  get times(): PhaseTimes {
    return { ...this.#times };
  }

  /** Adds to a phase: a device may poll, or open a connection, several times. */
  add(phase: Phase, milliseconds: number): void {
    this.#times[phase] = (this.#times[phase] ?? 0) + milliseconds;
    this.#onPhase?.(phase, milliseconds);
  }

  /** Times a step that succeeds; a failed step is not measured. */
  async time<T>(phase: Phase, step: () => Promise<T>): Promise<T> {
    this.current = phase;
    const started = performance.now();
    const value = await step();
    this.add(phase, performance.now() - started);
    return value;
  }
}
