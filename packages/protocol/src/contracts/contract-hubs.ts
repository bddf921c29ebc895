import { z } from "zod";
import { type Answered, date, flag, jsonObject, pageOf, text, whole } from "../facts/contract-shared.js";
import { provisioningStatuses } from "../facts/statuses.js";

/** A linked hub, or a hub that still has devices although it is no longer linked. */
export const hub = z
  .strictObject({
    host: text,
    weight: whole,
    applyAllocationPolicy: flag,
    latency: z.number().exactOptional(),
    linked: flag,
    devices: whole,
  })
  .meta({ id: "LinkedHub" });
export type ListedHub = Answered<typeof hub>;

const connectionState = z.enum(["Connected", "Disconnected"]);
const status = z.enum(provisioningStatuses);

const x509Thumbprint = z.strictObject({ primaryThumbprint: text.nullable(), secondaryThumbprint: text.nullable() });

const device = z
  .strictObject({
    deviceId: text,
    registrationId: text,
    authenticationType: z.enum(["symmetricKey", "selfSigned"]),
    x509Thumbprint,
    status,
    createdDateTimeUtc: date,
    iotEdge: flag,
    connectionState,
  })
  .meta({ id: "Device" });
export type ListedDevice = Answered<typeof device>;
export const devicePage = pageOf("DevicePage", device);
export type DevicePage = Answered<typeof devicePage>;

/** Reported or desired properties, with the service's metadata. */
const side = z.object({ $metadata: jsonObject, $version: whole }).catchall(z.json());

/** The twin as the service side of a hub shows it (wire.md#twin-document). */
export const twin = z
  .strictObject({
    deviceId: text,
    etag: text,
    deviceEtag: text,
    status,
    statusUpdateTime: text,
    connectionState,
    lastActivityTime: text,
    cloudToDeviceMessageCount: whole,
    authenticationType: z.enum(["sas", "selfSigned"]),
    x509Thumbprint,
    capabilities: z.strictObject({ iotEdge: flag }),
    version: whole,
    tags: jsonObject,
    properties: z.strictObject({ desired: side, reported: side }),
  })
  .meta({ id: "Twin" });
export type TwinDocument = Answered<typeof twin>;

/** Request body of a patch, for the OpenAPI document. */
export const twinPatch = z.object({
  tags: jsonObject.exactOptional(),
  properties: z.object({ desired: jsonObject.exactOptional() }).exactOptional(),
});
