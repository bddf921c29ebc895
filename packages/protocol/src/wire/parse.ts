import { z } from "zod";
import type { Json } from "../facts/json.js";
import { limits } from "../facts/limits.js";
import type { DeviceRegistration } from "./messages.js";
import { parseJson } from "./parse-json.js";

/** A register body, or the reason why the received bytes are not a register body. */
export type RegistrationParse =
  | { readonly ok: true; readonly body: DeviceRegistration }
  | { readonly ok: false; readonly tooLarge?: boolean; readonly reason: string };

const schema = z.looseObject({
  registrationId: z.string().nullish(),
  tpm: z.looseObject({ endorsementKey: z.string(), storageRootKey: z.string().nullish() }).nullish(),
  csr: z.string().nullish(),
});

/**
 * Reads the body of a register request. Empty or blank is a registration without members: .NET sends nothing over MQTT,
 * polls of Node and Python are one space (wire.md#poll). Never throws.
 */
export function parseRegistration(bytes: Uint8Array): RegistrationParse {
  if (bytes.length > limits.messageBytes) return { ok: false, tooLarge: true, reason: `it has ${bytes.length} bytes` };
  const json = parseJson(bytes);
  if (!json.ok) return json;
  if (json.value === undefined) return { ok: true, body: {} };
  const parsed = schema.safeParse(json.value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return {
      ok: false,
      reason: `${issue?.path.map(String).join(".") || "the body"}: ${issue?.message ?? "unexpected"}`,
    };
  }
  const { registrationId, tpm, csr } = parsed.data;
  const payload = parsed.data["payload"] as Json | undefined;
  return {
    ok: true,
    body: {
      ...(registrationId != null && { registrationId }),
      ...(tpm != null && {
        tpm: {
          endorsementKey: tpm.endorsementKey,
          ...(tpm.storageRootKey != null && { storageRootKey: tpm.storageRootKey }),
        },
      }),
      ...(payload !== undefined && { payload }),
      ...(csr != null && { csr }),
    },
  };
}
