/**
 * Part 2, tables 16 and 17 (TPM_RC). Format-one codes (0x080 to 0x0bf) get a place added before they are sent:
 * 0x100·n for handle n, 0x040 + 0x100·n for parameter n, 0x800 + 0x100·n for session n.
 */
export const responseCodes = {
  success: 0x000,
  badTag: 0x01e,
  // format one
  asymmetric: 0x081,
  attributes: 0x082,
  hash: 0x083,
  value: 0x084,
  hierarchy: 0x085,
  keySize: 0x087,
  mode: 0x089,
  type: 0x08a,
  handle: 0x08b,
  kdf: 0x08c,
  range: 0x08d,
  authFail: 0x08e,
  nonce: 0x08f,
  pp: 0x090,
  scheme: 0x092,
  size: 0x095,
  symmetric: 0x096,
  tag: 0x097,
  selector: 0x098,
  insufficient: 0x09a,
  signature: 0x09b,
  key: 0x09c,
  policyFail: 0x09d,
  integrity: 0x09f,
  ticket: 0x0a0,
  reservedBits: 0x0a1,
  badAuth: 0x0a2,
  expired: 0x0a3,
  binding: 0x0a5,
  policyCc: 0x0a4,
  curve: 0x0a6,
  eccPoint: 0x0a7,
  // format zero
  initialize: 0x100,
  failure: 0x101,
  sequence: 0x103,
  disabled: 0x120,
  authType: 0x124,
  authMissing: 0x125,
  policy: 0x126,
  pcr: 0x127,
  pcrChanged: 0x128,
  authUnavailable: 0x12f,
  commandSize: 0x142,
  exclusive: 0x121,
  commandCode: 0x143,
  authSize: 0x144,
  authContext: 0x145,
  nvRange: 0x146,
  nvLocked: 0x148,
  nvAuthorization: 0x149,
  nvUninitialized: 0x14a,
  nvSpace: 0x14b,
  nvDefined: 0x14c,
  badContext: 0x150,
  cpHash: 0x151,
  sensitive: 0x155,
  // warnings
  objectMemory: 0x902,
  sessionMemory: 0x903,
  locality: 0x907,
  referenceHandle: 0x910,
  referenceSession: 0x918,
  lockout: 0x921,
  retry: 0x922,
} as const;

export type ResponseCodeName = keyof typeof responseCodes;

const names = new Map<number, ResponseCodeName>(
  Object.entries(responseCodes).map(([name, code]) => [code, name as ResponseCodeName]), // keys of the table itself
);

function upper(name: string): string {
  return `TPM_RC_${name.replace(/([A-Z])/g, "_$1").toUpperCase()}`;
}

function placeOf(code: number): string {
  const number = (code >> 8) & 0x7;
  if (code & 0x040) return `parameter ${(code >> 8) & 0xf}`;
  if (code & 0x800) return `session ${number}`;
  return number === 0 ? "" : `handle ${number}`;
}

/**
 * Says a response code in words, for messages: 0x1df becomes "TPM_RC_INTEGRITY, parameter 1".
 * @param code as received; any 32-bit value
 */
export function describeResponseCode(code: number): string {
  const exact = names.get(code);
  if (exact !== undefined && (code & 0x080) === 0) return upper(exact);
  const base = names.get(code & 0x0bf);
  if ((code & 0x080) === 0 || base === undefined) return `TPM_RC 0x${code.toString(16)}`;
  const place = placeOf(code);
  return place === "" ? upper(base) : `${upper(base)}, ${place}`;
}
