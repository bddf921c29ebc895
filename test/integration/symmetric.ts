import { deviceToken } from "./device-tokens.js";
import type { RawMqtt } from "./raw-mqtt.js";
import { type TestService, userName } from "./service.js";
import { openMqtt } from "./sockets.js";

/** An individual enrollment with this key as primary and secondary key. */
export function symmetricIndividual(registrationId: string, key: string) {
  return {
    registrationId,
    attestation: { type: "symmetricKey" as const, symmetricKey: { primaryKey: key, secondaryKey: key } },
  };
}

/** Connects and subscribes a device with a valid key. */
export async function subscribed(
  service: TestService,
  { registrationId, key }: { readonly registrationId: string; readonly key: string },
): Promise<RawMqtt> {
  const client = await openMqtt(service.mqtt);
  const password = deviceToken({ idScope: service.idScope, registrationId, key });
  const username = userName(service.idScope, registrationId);
  const { returnCode } = await client.connect({ clientId: registrationId, username, password });
  if (returnCode !== 0) throw new Error(`${registrationId}: CONNACK ${returnCode}`);
  await client.subscribe();
  return client;
}
