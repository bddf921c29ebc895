/**
 * The unmodified MQTT transport, taught our extension "TPM over MQTT" (attestation.md#mqtt): a first connection without
 * credentials fetches the challenge; the second is the one that symmetric keys use.
 */
import { createRequire } from "node:module";
import provisioning from "azure-iot-provisioning-device";
import transport from "azure-iot-provisioning-device-mqtt";

/** The copies that the transport itself uses. */
const base = createRequire(import.meta.resolve("azure-iot-provisioning-device-mqtt")).resolve("azure-iot-mqtt-base");
const mqtt = createRequire(base)("mqtt");
const { apiVersion } = provisioning.ProvisioningDeviceConstants;

export class MqttTpm extends transport.Mqtt {
  setTpmInformation(endorsementKey, storageRootKey) {
    this.tpm = { endorsementKey: endorsementKey.toString("base64"), storageRootKey: storageRootKey.toString("base64") };
  }

  getAuthenticationChallenge({ registrationId, idScope, provisioningHost }, callback) {
    const username = `${idScope}/registrations/${registrationId}/api-version=${apiVersion}`;
    const options = { clientId: registrationId, username, protocolVersion: 4, keepalive: 30, reconnectPeriod: 0 };
    const client = mqtt.connect(`mqtts://${provisioningHost}`, options);
    const end = (...answer) => client.end(false, {}, () => callback(...answer));
    client.once("error", (error) => end(error));
    client.once("message", (topic, body) => {
      const { authenticationKey, message } = JSON.parse(body);
      if (topic.startsWith("$dps/registrations/res/401/") && authenticationKey !== undefined) {
        end(null, Buffer.from(authenticationKey, "base64"));
      } else end(Object.assign(new Error(message), { name: "ChallengeRefused", result: JSON.parse(body) }));
    });
    client.once("connect", () => client.subscribe("$dps/registrations/res/#", { qos: 1 }));
    client.once("connect", () => {
      const body = JSON.stringify({ registrationId, tpm: this.tpm });
      client.publish("$dps/registrations/PUT/iotdps-register/?$rid=challenge", body, { qos: 1 });
    });
  }

  respondToAuthenticationChallenge(_request, token, callback) {
    this.setSharedAccessSignature(token);
    callback();
  }
}
