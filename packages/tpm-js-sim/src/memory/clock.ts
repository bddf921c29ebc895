import type { TpmMemory } from "./state.js";

/** Milliseconds since this TPM was made; it keeps no time without power. */
export function uptime(memory: TpmMemory): bigint {
  return BigInt(Math.max(0, Math.floor(memory.now() - memory.startedAt)));
}

/** TPMS_CLOCK_INFO */
export function clockInfo(memory: TpmMemory) {
  const { resetCount, restartCount } = memory;
  return { clock: uptime(memory) + memory.clockAhead, resetCount, restartCount, safe: 1 };
}

/** TPMS_TIME_INFO */
export function timeInfo(memory: TpmMemory) {
  return { time: uptime(memory), clockInfo: clockInfo(memory) };
}

/** FIRMWARE_VERSION_1 and _2 of the properties, as attestations give them. */
export const firmwareVersion = 1n << 32n;
