import { finding, idKey } from "@rollcall/protocol";
import type { Attempt } from "../attempts/attempt.js";
import type { Clock } from "../records/ports.js";

interface Entry {
  readonly attempt: Attempt;
  readonly remote: string;
  readonly startedAt: number;
}

/**
 * The registrations that are being saved right now, by device, in order to notice two simultaneous registrations of one
 * device (failure-causes.md#cause-18).
 */
export class SimultaneousRegistrations {
  readonly #clock: Clock;
  readonly #byDevice = new Map<string, Entry[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Runs `save`; notes it in the attempt when an earlier registration of the same device has not ended yet. */
  async watch<T>(
    { registrationId, attempt, remote }: { registrationId: string; attempt: Attempt; remote: string },
    save: () => Promise<T>,
  ): Promise<T> {
    const key = idKey(registrationId);
    const entries = this.#byDevice.get(key) ?? [];
    const startedAt = this.#clock();
    const [earlier] = entries;
    if (earlier) {
      const { trackingId } = earlier.attempt;
      const ageMs = startedAt - earlier.startedAt;
      const got = `two registrations, from ${earlier.remote} and ${remote}`;
      const values = { ageMs, remote: earlier.remote, trackingId };
      attempt.add(finding("registration.atOnce", { values, expected: "one registration at a time", got }));
    }
    const entry = { attempt, remote, startedAt };
    entries.push(entry);
    this.#byDevice.set(key, entries);
    try {
      return await save();
    } finally {
      entries.splice(entries.indexOf(entry), 1);
      if (entries.length === 0) this.#byDevice.delete(key);
    }
  }
}
