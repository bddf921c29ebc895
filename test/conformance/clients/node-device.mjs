/**
 * One device with the unmodified Node SDK: registers, then visits its hub when the job says so. Packages are loaded
 * where they are needed: most of a client's time is spent on that.
 */
import { subscribe } from "node:diagnostics_channel";
import provisioning from "azure-iot-provisioning-device";
import { job, reachedStep, runSteps } from "./report.mjs";
import { securityClients } from "./security.mjs";

const transports = {
  mqtt: async () => new (await import("azure-iot-provisioning-device-mqtt")).default.Mqtt(),
  "mqtt-ws": async () => new (await import("azure-iot-provisioning-device-mqtt")).default.MqttWs(),
  http: async () => new (await import("azure-iot-provisioning-device-http")).default.Http(),
  "mqtt-tpm": async () => new (await import("./mqtt-tpm.mjs")).MqttTpm(),
};

const security = await securityClients[job.attestation.type](job);

async function register() {
  const transport = await transports[job.transport]();
  const client = provisioning.ProvisioningDeviceClient.create(job.host, job.idScope, transport, security);
  if (job.payload !== undefined) client.setProvisioningPayload(job.payload);
  const reply = await client.register();
  // The TPM's client returns the whole reply, the others its registrationState.
  return reply.registrationState ?? reply;
}

async function visit({ registered }) {
  const { visitHub } = await import("./hub-visit.mjs");
  const { assignedHub, deviceId } = registered;
  const host = job.transport === "mqtt-ws" ? assignedHub : `${assignedHub}:${job.hub.port}`;
  return visitHub(job, { host, deviceId, security });
}

// Node's diagnostics report the HTTPS replies, so that the SDK stays unmodified.
if (job.watchHttp) {
  subscribe("http.client.response.finish", ({ request, response }) => {
    void reachedStep(`${request.method} ${response.statusCode}`);
  });
}

await runSteps({
  registered: register,
  ...(job.again && { registeredAgain: register }),
  ...(job.hub && { visited: visit }),
});
