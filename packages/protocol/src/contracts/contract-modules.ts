import { z } from "zod";
import { type Answered, date, text, whole } from "../facts/contract-shared.js";

const optionalText = text.nullable();

/** A module identity as the registry of a hub shows it (wire.md#module-identities). */
export const moduleAnswer = z
  .strictObject({
    moduleId: text,
    managedBy: optionalText,
    deviceId: text,
    generationId: text,
    etag: text,
    connectionState: z.enum(["Connected", "Disconnected"]),
    connectionStateUpdatedTime: date,
    lastActivityTime: date,
    cloudToDeviceMessageCount: whole,
    authentication: z.strictObject({
      symmetricKey: z.strictObject({ primaryKey: optionalText, secondaryKey: optionalText }),
      x509Thumbprint: z.strictObject({ primaryThumbprint: optionalText, secondaryThumbprint: optionalText }),
      type: z.enum(["sas", "selfSigned"]),
    }),
  })
  .meta({ id: "Module" });
export type ModuleAnswer = Answered<typeof moduleAnswer>;
export const moduleListAnswer = z.array(moduleAnswer);

/** The error body of a hub (wire.md#hub-errors). */
export const hubErrorAnswer = z.strictObject({ Message: text, ExceptionMessage: text }).meta({ id: "HubError" });
export type HubErrorBody = Answered<typeof hubErrorAnswer>;

/** Body of a PUT, as far as it is read; SDKs send whole objects back. */
export const moduleBody = z.looseObject({
  deviceId: text.nullish(),
  moduleId: text.nullish(),
  managedBy: text.nullish(),
  authentication: z
    .looseObject({
      type: text.nullish(),
      symmetricKey: z.looseObject({ primaryKey: text.nullish(), secondaryKey: text.nullish() }).nullish(),
      x509Thumbprint: z
        .looseObject({ primaryThumbprint: text.nullish(), secondaryThumbprint: text.nullish() })
        .nullish(),
    })
    .nullish(),
});
export type ModuleBody = Answered<typeof moduleBody>;
