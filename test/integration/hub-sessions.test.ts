import { join } from "node:path";
import { topics } from "@rollcall/protocol";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../cli/run-cli.js";
import { hubToken } from "./device-tokens.js";
import { putIndividual, readTwin, register } from "./operating.js";
import { RawMqtt } from "./raw-mqtt.js";
import { startService, type TestService } from "./service.js";
import { openMqtt, openWebSocket } from "./sockets.js";
import { symmetricIndividual } from "./symmetric.js";

/** Sessions that outlast a connection to the hub (wire.md#hub-sessions), with the whole service and its stores. */

const key = Buffer.alloc(32, 53).toString("base64");
type Transport = "mqtt" | "mqtt-ws";

async function assigned(service: TestService, id: string): Promise<void> {
  await putIndividual(service, symmetricIndividual(id, key));
  expect((await register(service, { registrationId: id, key })).body.registrationState.status).toBe("assigned");
}

/** CONNECT of a device at its hub; `isPresent` as the CONNACK has it. */
async function toHub(service: TestService, id: string, options: { clean: boolean; transport?: Transport }) {
  const opening = { ...service.mqtt, acknowledges: false };
  const device =
    options.transport === "mqtt-ws"
      ? new RawMqtt((await openWebSocket(service.https)).stream, opening)
      : await openMqtt(opening);
  const connack = await device.connect({
    ...{ clientId: id, clean: options.clean, password: hubToken(service.hub, id, key) },
    username: `${service.hub}/${id}/?api-version=2021-04-12`,
  });
  expect(connack.returnCode).toBe(0);
  return { device, isPresent: connack.sessionPresent };
}

async function kill(service: TestService, device: RawMqtt): Promise<void> {
  device.stream.destroy();
  await service.untilEmpty();
}

describe.each(["mqtt", "mqtt-ws"] as const)("a device that loses its socket, over %s", (transport) => {
  it("hears the next change without a new SUBSCRIBE, and gets again what it did not acknowledge", async () => {
    await using service = await startService({ inMemory: true });
    await assigned(service, "lost");
    const at = { hub: service.hub, deviceId: "lost" };
    const { device, isPresent } = await toHub(service, "lost", { clean: false, transport });
    expect(isPresent).toBe(false);
    for (const filter of [topics.twinReplies, topics.twinDesiredUpdates]) await device.subscribe(filter, 1);
    await service.rollcall.hub.patchDesired(at, { n: 1 });
    const first = await device.take("publish");
    await kill(service, device);
    await service.rollcall.hub.patchDesired(at, { n: 2 });
    const again = await toHub(service, "lost", { clean: false, transport });
    expect(again.isPresent).toBe(true);
    const repeated = await again.device.take("publish");
    expect(repeated).toMatchObject({ dup: true, messageId: first.messageId, topic: first.topic });
    again.device.send({ cmd: "puback", messageId: repeated.messageId! });
    expect(await readTwin(again.device)).toMatchObject({ desired: { n: 2, $version: 3 } });
    await service.rollcall.hub.patchDesired(at, { n: 3 });
    const next = await again.device.take("publish");
    expect([next.dup, JSON.parse(next.payload.toString())]).toEqual([false, { n: 3, $version: 4 }]);
    await kill(service, again.device);
    const clean = await toHub(service, "lost", { clean: true, transport });
    expect(clean.isPresent).toBe(false);
    await kill(service, clean.device);
    expect((await toHub(service, "lost", { clean: false, transport })).isPresent).toBe(false);
  });
});

describe("after a restart on SQLite", () => {
  it("subscriptions are there, for devices that had them, and gone with a device that was deleted", async () => {
    await using folder = await temporaryFolder();
    const location = join(folder.path, "state");
    {
      await using service = await startService({ location });
      for (const id of ["kept", "clean", "deleted"]) {
        await assigned(service, id);
        const { device } = await toHub(service, id, { clean: id === "clean" });
        await device.subscribe(topics.twinDesiredUpdates, 1);
      }
      await service.rollcall.hub.removeDevice({ hub: service.hub, deviceId: "deleted" });
    }
    await using service = await startService({ location });
    await assigned(service, "deleted");
    for (const [id, wasPresent] of [
      ["kept", true],
      ["clean", false],
      ["deleted", false],
    ] as const) {
      const { device, isPresent } = await toHub(service, id, { clean: false });
      expect([id, isPresent]).toEqual([id, wasPresent]);
      await device.subscribe(topics.twinReplies, 0);
      await service.rollcall.hub.patchDesired({ hub: service.hub, deviceId: id }, { restarted: true });
      await readTwin(device);
      const told = device.packets.filter((each) => each.cmd === "publish" && each.topic.startsWith(topics.twinDesired));
      expect([id, told.length]).toEqual([id, wasPresent ? 1 : 0]);
    }
  });
});
