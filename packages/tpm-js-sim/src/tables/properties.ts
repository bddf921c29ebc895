import { algorithms } from "./algorithms.js";

/** Part 2, table 22 (TPM_CAP): the capabilities that GetCapability knows. */
export const capabilities = {
  algorithms: 0,
  handles: 1,
  commands: 2,
  physicalPresence: 3,
  audit: 4,
  pcrs: 5,
  properties: 6,
  pcrProperties: 7,
  curves: 8,
  authPolicies: 9,
} as const;

/**
 * TPM_PT_INPUT_BUFFER: the Node SDK splits the data that it signs at this length; so does the reference TPM's
 * TPM2B_MAX_BUFFER.
 */
export const inputBuffer = 1024;

/** PCRs of each bank: the PC Client platform's number. */
export const pcrCount = 24;

/** TPM_PT_NV_BUFFER_MAX: how many bytes NV_Read and NV_Write carry at most. */
export const nvBuffer = 1024;

/** TPM_PT_NV_INDEX_MAX: the largest NV index. */
export const nvIndexMax = 2048;

/** The longest command and response; TPM_PT_MAX_COMMAND_SIZE. */
const maxCommandSize = 4096;

/** How many bytes one GetRandom returns at most: the largest digest (Part 3, TPM2_GetRandom). */
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
  [0x118, 0x2], // MEMORY: everything that persists is in one place
  [0x119, 1], // CLOCK_UPDATE
  [0x11a, algorithms.sha256], // CONTEXT_HASH
  [0x11b, algorithms.aes], // CONTEXT_SYM: contexts are in the clear, but tools take the longest AES key from here
  [0x11c, 256], // CONTEXT_SYM_SIZE
  [0x11d, 0xff], // ORDERLY_COUNT
  [0x11e, maxCommandSize], // MAX_COMMAND_SIZE
  [0x11f, maxCommandSize], // MAX_RESPONSE_SIZE
  [0x120, maxDigest], // MAX_DIGEST
  [0x121, 2068], // MAX_OBJECT_CONTEXT: TPMS_CONTEXT with its largest blob
  [0x122, 2068], // MAX_SESSION_CONTEXT
  [0x123, ascii("2.0")], // PS_FAMILY_INDICATOR
  [0x124, 0], // PS_LEVEL
  [0x125, 164], // PS_REVISION
  [0x126, 75], // PS_DAY_OF_YEAR
  [0x127, 2021], // PS_YEAR
  [0x128, 128], // SPLIT_MAX
  [0x12b, 0], // VENDOR_COMMANDS
  [0x12c, nvBuffer], // NV_BUFFER_MAX
  [0x12d, 0], // MODES
  [0x12e, inputBuffer], // MAX_CAP_BUFFER
]);
