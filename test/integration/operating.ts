import { groupRecord, individualRecord } from "@rollcall/engine";
import {
  type EnrollmentGroupInput,
  enrollmentGroupSchema,
  type IndividualEnrollmentInput,
  individualEnrollmentSchema,
  topics,
} from "@rollcall/protocol";
import { hubToken } from "./device-tokens.js";
import type { RawMqtt, RawReply } from "./raw-mqtt.js";
import type { TestService } from "./service.js";
import { openMqtt } from "./sockets.js";
import { subscribed } from "./symmetric.js";

/** Operator actions on a running service, and the view of a device with a key. */

const context = {
  now: Date.UTC(2026, 10, 25),
  random: (size: number) => Buffer.alloc(size, 9),
  etag: () => "0a0b",
};

/** Creates or replaces an individual enrollment. */
export async function putIndividual({ rollcall }: TestService, source: IndividualEnrollmentInput): Promise<void> {
  await rollcall.store.putIndividual(individualRecord(individualEnrollmentSchema.parse(source), context));
}

/** Creates or replaces a group. */
export async function putGroup({ rollcall }: TestService, source: EnrollmentGroupInput): Promise<void> {
  await rollcall.store.putGroup(groupRecord(enrollmentGroupSchema.parse(source), context));
}

export interface DeviceKey {
  readonly registrationId: string;
  /** base64. */
  readonly key: string;
}

/** One registration over MQTT, on a connection of its own, to its last reply. */
export async function register(service: TestService, device: DeviceKey, body: unknown = {}): Promise<RawReply> {
  await using client = await subscribed(service, device);
  return await client.registration(JSON.stringify(body));
}

/** The return code of a device's CONNECT at a hub; connects to the hub's own address. */
export async function hubConnack(service: TestService, at: HubDevice): Promise<number> {
  await using client = await openMqtt({ ...service.mqtt, host: at.hub });
  return await connectToHub(client, at);
}

/** The twin that a device reads at its hub. @throws Error when the hub refuses the device */
export async function hubTwin(service: TestService, at: HubDevice): Promise<unknown> {
  await using client = await openMqtt({ ...service.mqtt, host: at.hub });
  const returnCode = await connectToHub(client, at);
  if (returnCode !== 0) throw new Error(`${at.deviceId} at ${at.hub}: CONNACK ${returnCode}`);
  await client.subscribe(topics.twinReplies);
  return await readTwin(client);
}

/** Reads the twin on a connection to the hub that is subscribed to replies. */
export async function readTwin(client: RawMqtt): Promise<unknown> {
  client.publish(`${topics.twinGet}?$rid=twin`, "", 0);
  const reply = await client.take("publish", (packet) => packet.topic.startsWith(topics.twinReply));
  if (!reply.topic.startsWith(`${topics.twinReply}200/`)) throw new Error(reply.topic);
  return JSON.parse(reply.payload.toString());
}

export interface HubDevice {
  readonly hub: string;
  readonly deviceId: string;
  readonly key: string;
}

/** Sends CONNECT with a valid token and returns the return code. */
export async function connectToHub(client: RawMqtt, { hub, deviceId, key }: HubDevice): Promise<number> {
  const username = `${hub}/${deviceId}/?api-version=2021-04-12`;
  const connack = await client.connect({ clientId: deviceId, username, password: hubToken(hub, deviceId, key) });
  return Number(connack.returnCode);
}
