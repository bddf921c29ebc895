/** A device's first minutes at its hub, with the unmodified azure-iot-device: twin, reported, desired, telemetry. */
import { promisify } from "node:util";
import common from "azure-iot-common";
import device from "azure-iot-device";
import transports from "azure-iot-device-mqtt";
import { reachedStep } from "./report.mjs";

async function hubClient({ transport, attestation }, { host, deviceId, security }) {
  const Transport = transport === "mqtt-ws" ? transports.MqttWs : transports.Mqtt;
  if (attestation.type === "tpm") {
    const { default: tpm } = await import("azure-iot-security-tpm");
    const provider = tpm.TpmAuthenticationProvider.fromTpmSecurityClient(deviceId, host, security);
    return device.Client.fromAuthenticationProvider(provider, Transport);
  }
  const name = `HostName=${host};DeviceId=${deviceId}`;
  if (attestation.type === "x509") {
    const client = device.Client.fromConnectionString(`${name};x509=true`, Transport);
    await client.setOptions({ cert: attestation.cert, key: attestation.key });
    return client;
  }
  return device.Client.fromConnectionString(`${name};SharedAccessKey=${attestation.key}`, Transport);
}

/** The first desired properties that are newer than a version. */
const nextDesired = (twin, version) =>
  new Promise((resolve, reject) => {
    twin.on("error", reject);
    twin.on("properties.desired", (patch) => {
      if (patch.$version > version) resolve(patch);
    });
  });

export async function visitHub(job, place) {
  const client = await hubClient({ ...job, ...(job.hub.attestation && { attestation: job.hub.attestation }) }, place);
  // At once, rather than again and again for four minutes: a refusal is then an answer that the test can read.
  if (!job.hub.drops) client.setRetryPolicy(new common.NoRetry());
  await client.open();
  const twin = await client.getTwin();
  const read = structuredClone(twin.properties.desired);
  const update = nextDesired(twin, read.$version);
  await promisify(twin.properties.reported.update)({ conformance: job.registrationId });
  await reachedStep("reported");
  const updated = await update;
  const more = {};
  if (job.hub.drops) {
    more.updatedAgain = [];
    twin.on("properties.desired", (patch) => more.updatedAgain.push(patch));
    const back = nextDesired(twin, updated.$version + 1);
    // The SDK calls a new listener with the whole twin first.
    await new Promise(setImmediate);
    more.updatedAgain.length = 0;
    await reachedStep("told");
    await back;
  }
  for (let count = 0; count < job.hub.telemetry; count++) {
    const message = new device.Message(JSON.stringify({ count }));
    message.contentType = "application/json";
    message.properties.add("a name", "a/value & more");
    await client.sendEvent(message);
  }
  await client.close();
  return { read, updated, ...more };
}
