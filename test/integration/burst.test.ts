import { issueLeaf } from "@rollcall/pki";
import { describe, expect, it } from "vitest";
import { createPki, x509Group } from "./certificates.js";
import { deviceToken, groupDeviceKey } from "./device-tokens.js";
import { startService, type TestService, userName } from "./service.js";
import { openMqtt, type Presented } from "./sockets.js";

const long = process.env["ROLLCALL_TEST"] === "long";
const count = long ? 400 : 200;
const groupKey = Buffer.alloc(64, 11).toString("base64");

/** Every second device presents a certificate, the others use a derived group key. */
async function burst(service: TestService, registrationId: string, presented?: Presented): Promise<string> {
  await using client = await openMqtt({ ...service.mqtt, presented });
  const key = groupDeviceKey(groupKey, registrationId);
  const token = presented ? {} : { password: deviceToken({ idScope: service.idScope, registrationId, key }) };
  await client.connect({ clientId: registrationId, username: userName(service.idScope, registrationId), ...token });
  await client.subscribe();
  const reply = await client.registration();
  await client.end();
  return `${reply.body.registrationState.deviceId} ${reply.body.status}`;
}

describe(`${count} devices that come at the same moment`, () => {
  it("are all registered, each with its own id", { timeout: 120_000 }, async () => {
    const pki = await createPki("Burst");
    const symmetricKey = { primaryKey: groupKey, secondaryKey: groupKey };
    await using service = await startService({
      seed: {
        enrollmentGroups: [
          { enrollmentGroupId: "keys", attestation: { type: "symmetricKey", symmetricKey } },
          x509Group("certificates", pki.root),
        ],
      },
    });
    const ids = Array.from({ length: count }, (_, index) => `burst-${index}`);
    const leaves = new Map<string, Presented>();
    for (const [index, commonName] of ids.entries())
      if (index % 2 === 0) leaves.set(commonName, await issueLeaf({ commonName, parent: pki.intermediate }));
    const results = await Promise.all(ids.map((id) => burst(service, id, leaves.get(id))));
    expect(results).toEqual(ids.map((id) => `${id} assigned`));
    await service.untilEmpty();
  });
});
