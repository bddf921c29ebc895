import type { HubErrorBody } from "./contract-modules.js";

/** Every error of a hub over HTTPS (wire.md#hub-errors), by the name that stands in `Message` and in `iothub-errorcode`. */
export const hubErrorRows = {
  ArgumentInvalid: { status: 400, message: "The request is invalid." },
  InvalidProtocolVersion: { status: 400, message: "The request names no api-version." },
  IotHubUnauthorizedAccess: { status: 401, message: "Unauthorized" },
  GenericNotFound: { status: 404, message: "Resource not found." },
  IotHubNotFound: { status: 404, message: "There is no such hub." },
  DeviceNotFound: { status: 404, message: "Device not found." },
  ModuleNotFound: { status: 404, message: "Module not found." },
  GenericMethodNotAllowed: { status: 405, message: "Method not allowed." },
  ModuleAlreadyExistsOnDevice: { status: 409, message: "The module exists." },
  PreconditionFailed: { status: 412, message: "Precondition failed: the etag is another." },
  MessageTooLarge: { status: 413, message: "The message is larger than 96 KB." },
  TooManyModulesOnDevice: { status: 413, message: "The device has too many modules." },
  ServerError: { status: 500, message: "An error occurred, please retry." },
} as const satisfies Readonly<Record<string, { readonly status: number; readonly message: string }>>;
export type HubErrorName = keyof typeof hubErrorRows;

/** The first segments of the paths that belong to a hub's service and device API, and to nothing of the provisioning service. */
const hubSegments: ReadonlySet<string> = new Set([
  "configurations",
  "devices",
  "digitaltwins",
  "jobs",
  "messages",
  "modules",
  "statistics",
  "twins",
]);

/** True when the path of a URL is one of a hub's. */
export function isHubPath(url: string): boolean {
  const [path = ""] = url.split("?", 1);
  return hubSegments.has(path.split("/", 2)[1]?.toLowerCase() ?? "");
}

/** The body of an error of a hub, `ErrorCode:{name};{text}`. */
export function hubErrorBody(
  name: HubErrorName,
  about: { readonly trackingId: string; readonly now: Date; readonly message?: string | undefined },
): HubErrorBody {
  const [, year, month, day, time] = /^(\d+)-(\d\d)-(\d\d)T([\d:]+)/.exec(about.now.toISOString()) ?? [];
  const message = about.message ?? hubErrorRows[name].message;
  return {
    Message: `ErrorCode:${name};${message}`,
    ExceptionMessage: `Tracking ID:${about.trackingId.replaceAll("-", "")}-TimeStamp:${month}/${day}/${year} ${time}`,
  };
}
