import { limits } from "./facts/limits.js";

/** What is wrong with an id, in words, and where. */
export interface IdProblem {
  readonly position?: number;
  readonly message: string;
}

const ALLOWED = /[A-Za-z0-9\-._:]/;
const LAST = /[A-Za-z0-9-]/;

/**
 * Checks a registrationId or enrollmentGroupId: 1 to 128 characters of A–Z a–z 0–9 - . _ :, the last one alphanumeric or
 * a hyphen (Microsoft Learn, "How to manage enrollments"). Returns undefined for a good one.
 */
export function idProblem(id: string): IdProblem | undefined {
  if (id.length === 0) return { message: "the id is empty" };
  if (id.length > limits.idLength)
    return { message: `the id has ${id.length} characters; ${limits.idLength} are allowed` };
  const position = [...id].findIndex((character) => !ALLOWED.test(character));
  if (position >= 0) {
    const character = [...id][position] ?? "";
    return {
      position: position + 1,
      message: `character ${position + 1} (${JSON.stringify(character)}) is not allowed`,
    };
  }
  if (!LAST.test(id.at(-1) ?? ""))
    return { position: id.length, message: "the last character must be a letter, a digit or a hyphen" };
  return undefined;
}

/** The rule of `idProblem` as one regular expression, for documents that others check by. */
export const idPattern = `^[A-Za-z0-9\\-._:]{0,${limits.idLength - 1}}[A-Za-z0-9\\-]$`;

/** IoT Hub's rule for device ids (identity registry): case-sensitive, up to 128 of these. */
const DEVICE_ID = /^[A-Za-z0-9\-.%_*?!(),:=@$']{1,128}$/;

/** The rule of `isDeviceId`, for documents. */
export const deviceIdPattern = DEVICE_ID.source;

/** True for a device id that IoT Hub would take. */
export function isDeviceId(id: string): boolean {
  return DEVICE_ID.test(id);
}

/**
 * Registration ids are compared without case (wire.md#ids): this is the form to look them up by. ASCII only, which is all
 * that an id may hold: the Kelvin sign of a certificate's common name would otherwise pass for a k.
 */
export function idKey(id: string): string {
  return id.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

const HOST = /^[A-Za-z0-9._-]+$|^[0-9a-fA-F:.]+$/;

/** True for a name or an address, with nothing of a URL around it: no scheme, port or brackets. */
export function isHost(text: string): boolean {
  return HOST.test(text);
}
