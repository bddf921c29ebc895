/**
 * What is measured of one device, in the order in which it happens. All but `assigned` are parts of it or come after it.
 *
 * - `turn` waiting for a place to start or to connect, where a fleet bounds them: the tester's doing, not the service's
 * - `tls` TCP and TLS handshake · `connack` CONNECT to CONNACK (with the WebSocket upgrade) · `suback` SUBSCRIBE to SUBACK
 * - `challenge` the first half of a TPM registration, activation in the TPM included
 * - `register` request to answer · `wait` pauses that the service asked for · `poll` status requests, without the pauses
 * - `assigned` from the start (the intended one, when a schedule gives it) to the final answer
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

/** Milliseconds of each phase that took place. */
export type PhaseTimes = Partial<Record<Phase, number>>;

/** Sums what each phase took, on the monotonic clock. */
export class PhaseTimer {
  readonly #times: PhaseTimes = {};
  /** What is going on, or was when it went wrong. */
  current: Phase = "tls";
  readonly #onPhase: ((phase: Phase, milliseconds: number) => void) | undefined;

  constructor(onPhase?: (phase: Phase, milliseconds: number) => void) {
    this.#onPhase = onPhase;
  }

  get times(): PhaseTimes {
    return { ...this.#times };
  }

  /** Adds to a phase: a device may poll, or open a connection, more than once. */
  add(phase: Phase, milliseconds: number): void {
    this.#times[phase] = (this.#times[phase] ?? 0) + milliseconds;
    this.#onPhase?.(phase, milliseconds);
  }

  /** Times a step that succeeds; one that fails is no measurement. */
  async time<T>(phase: Phase, step: () => Promise<T>): Promise<T> {
    this.current = phase;
    const started = performance.now();
    const value = await step();
    this.add(phase, performance.now() - started);
    return value;
  }
}
