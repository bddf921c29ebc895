import { limits } from "./limits.js";

/** The fault of an id in words, and its position. */
export interface IdProblem {
  readonly position?: number;
  readonly message: string;
}

const ALLOWED = /[A-Za-z0-9\-._:]/;
const LAST = /[A-Za-z0-9-]/;

/**
 * Checks a registrationId or enrollmentGroupId: 1 to 128 characters of A–Z a–z 0–9 - . _ :, the last one alphanumeric or
 * a hyphen (Microsoft Learn, "How to manage enrollments"). Returns undefined for a valid id.
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

/** The rule of `idProblem` as one regular expression, for the OpenAPI document. */
export const idPattern = `^[A-Za-z0-9\\-._:]{0,${limits.idLength - 1}}[A-Za-z0-9\\-]$`;

/** IoT Hub's rule for device ids (identity registry): case-sensitive, up to 128 of these characters. */
const DEVICE_ID = /^[A-Za-z0-9\-.%_*?!(),:=@$']{1,128}$/;

/** The rule of `isDeviceId`, for the OpenAPI document. */
export const deviceIdPattern = DEVICE_ID.source;

/** True for a device id that IoT Hub would accept. */
export function isDeviceId(id: string): boolean {
  return DEVICE_ID.test(id);
}

/**
 * The form of a registration id for look-ups, since ids are compared without case (wire.md#ids). It folds ASCII letters
 * only: otherwise the Kelvin sign in a certificate's common name would pass for a k.
 */
export function idKey(id: string): string {
  return id.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

const HOST = /^[A-Za-z0-9._-]+$|^[0-9a-fA-F:.]+$/;

/** True for a bare host name or address: no scheme, port or brackets. */
export function isHost(text: string): boolean {
  return HOST.test(text);
}
