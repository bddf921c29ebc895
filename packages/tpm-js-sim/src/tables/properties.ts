/** Part 2, table 22 (TPM_CAP): what GetCapability can be asked for. */
export const capabilities = {
  algorithms: 0,
  handles: 1,
  commands: 2,
  physicalPresence: 3,
  audit: 4,
  pcrs: 5,
  properties: 6,
  curves: 8,
} as const;

/** TPM_PT_INPUT_BUFFER: the Node SDK splits what it signs at this length; so does the reference TPM's TPM2B_MAX_BUFFER. */
export const inputBuffer = 1024;

/** PCRs of each bank: the PC Client platform's number. */
export const pcrCount = 24;

/** TPM_PT_NV_BUFFER_MAX: what NV_Read and NV_Write carry at most. */
export const nvBuffer = 1024;

/** TPM_PT_NV_INDEX_MAX: the largest NV index. */
export const nvIndexMax = 2048;

/** The longest command and response; TPM_PT_MAX_COMMAND_SIZE. */
const maxCommandSize = 4096;

/** What one GetRandom gives at most: the largest digest (Part 3, TPM2_GetRandom). */
export const maxDigest = 64;

function ascii(text: string): number {
  return Buffer.from(text.padEnd(4, "\0"), "latin1").readUInt32BE(0);
}

/** Part 2, table 23 (TPM_PT), in ascending order as GetCapability must answer. */
export const properties: ReadonlyMap<number, number> = new Map([
  [0x100, ascii("2.0")], // FAMILY_INDICATOR
  [0x101, 0], // LEVEL
  [0x102, 164], // REVISION, times 100
  [0x103, 75], // DAY_OF_YEAR
  [0x104, 2021], // YEAR
  [0x105, ascii("TPMJ")], // MANUFACTURER: ours, of no registered vendor
  [0x106, ascii("tpm-")], // VENDOR_STRING_1
  [0x107, ascii("js-s")], // VENDOR_STRING_2
  [0x108, ascii("im")], // VENDOR_STRING_3
  [0x109, 0], // VENDOR_STRING_4
  [0x10a, 1], // VENDOR_TPM_TYPE
  [0x10b, 1], // FIRMWARE_VERSION_1
  [0x10c, 0], // FIRMWARE_VERSION_2
  [0x10d, inputBuffer],
  [0x10e, 64], // HR_TRANSIENT_MIN
  [0x10f, 64], // HR_PERSISTENT_MIN
  [0x110, 64], // HR_LOADED_MIN
  [0x111, 64], // ACTIVE_SESSIONS_MAX
  [0x112, pcrCount], // PCR_COUNT
  [0x113, 3], // PCR_SELECT_MIN
  [0x114, 0xffff], // CONTEXT_GAP_MAX
  [0x116, 0], // NV_COUNTERS_MAX
  [0x117, nvIndexMax], // NV_INDEX_MAX
  [0x11e, maxCommandSize], // MAX_COMMAND_SIZE
  [0x11f, maxCommandSize], // MAX_RESPONSE_SIZE
  [0x120, maxDigest], // MAX_DIGEST
  [0x12c, nvBuffer], // NV_BUFFER_MAX
]);
