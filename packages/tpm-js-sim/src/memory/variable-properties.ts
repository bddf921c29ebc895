import { nvTypes } from "../tables/attributes.js";
import { eccCurves } from "../tables/ecc-curves.js";
import { hierarchies, slots } from "../tables/handles.js";
import { nvTypeOf } from "./nv.js";
import type { TpmMemory } from "./state.js";

/** TPMA_PERMANENT: which auth values are set, whether Clear is off, whether the lockout is on; the EPS is made by the TPM. */
function permanent(memory: TpmMemory): number {
  const isSet = (hierarchy: number): boolean => (memory.authValues.get(hierarchy)?.length ?? 0) > 0;
  const inLockout = memory.lockout.failedTries() >= memory.lockout.parameters.maxTries;
  const bits = [
    isSet(hierarchies.owner) && 0x001,
    isSet(hierarchies.endorsement) && 0x002,
    isSet(hierarchies.lockout) && 0x004,
    memory.clearDisabled && 0x100,
    inLockout && 0x200,
    0x400,
  ];
  return bits.reduce<number>((all, bit) => all | (bit || 0), 0);
}

/** Part 2, table 23: the properties that change (TPM_PT_VAR), in ascending order. */
export function variableProperties(memory: TpmMemory): ReadonlyMap<number, number> {
  const { sessions, savedSessions, transient, persistent, nv, lockout } = memory;
  const { maxTries, recoveryTime, lockoutRecovery } = lockout.parameters;
  const active = sessions.size + savedSessions.size;
  const allOn = 0x8000_000f;
  return new Map([
    [0x200, permanent(memory)], // PERMANENT
    [0x201, allOn], // STARTUP_CLEAR: every hierarchy is enabled
    [0x202, nv.size], // HR_NV_INDEX
    [0x203, sessions.size], // HR_LOADED
    [0x204, slots - sessions.size], // HR_LOADED_AVAIL
    [0x205, active], // HR_ACTIVE
    [0x206, slots - active], // HR_ACTIVE_AVAIL
    [0x207, slots - transient.size], // HR_TRANSIENT_AVAIL
    [0x208, persistent.size], // HR_PERSISTENT
    [0x209, slots - Math.min(slots, persistent.size)], // HR_PERSISTENT_AVAIL
    [0x20a, [...nv.values()].filter(({ publicArea }) => nvTypeOf(publicArea) === nvTypes.counter).length], // NV_COUNTERS
    [0x20b, 0], // NV_COUNTERS_AVAIL
    [0x20c, 0], // ALGORITHM_SET
    [0x20d, eccCurves.size], // LOADED_CURVES
    [0x20e, lockout.failedTries()], // LOCKOUT_COUNTER
    [0x20f, maxTries], // MAX_AUTH_FAIL
    [0x210, recoveryTime], // LOCKOUT_INTERVAL
    [0x211, lockoutRecovery], // LOCKOUT_RECOVERY
    [0x212, 0], // NV_WRITE_RECOVERY
    [0x213, 0], // AUDIT_COUNTER_0
    [0x214, 0], // AUDIT_COUNTER_1
  ]);
}
