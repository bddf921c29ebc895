/** One device with the unmodified Node SDK: registers, then visits its hub when the job says so. */
import provisioning from "azure-iot-provisioning-device";
import http from "azure-iot-provisioning-device-http";
import mqtt from "azure-iot-provisioning-device-mqtt";
import { visitHub } from "./hub-visit.mjs";
import { MqttTpm } from "./mqtt-tpm.mjs";
import { job, runSteps } from "./report.mjs";
import { securityClient } from "./security.mjs";

const transports = { mqtt: mqtt.Mqtt, "mqtt-ws": mqtt.MqttWs, http: http.Http, "mqtt-tpm": MqttTpm };
const security = securityClient(job);

async function register() {
  const transport = new transports[job.transport]();
  const client = provisioning.ProvisioningDeviceClient.create(job.host, job.idScope, transport, security);
  if (job.payload !== undefined) client.setProvisioningPayload(job.payload);
  const reply = await client.register();
  return reply.registrationState ?? reply;
}

await runSteps({
  registered: register,
  ...(job.again && { registeredAgain: register }),
  ...(job.hub && {
    visited: ({ registered }) => {
      const host = job.transport === "mqtt-ws" ? registered.assignedHub : `${registered.assignedHub}:${job.hub.port}`;
      return visitHub(job, { host, deviceId: registered.deviceId, security });
    },
  }),
});
