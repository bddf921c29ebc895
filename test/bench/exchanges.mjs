import { connect } from "node:tls";
import mqtt from "mqtt-packet";

const options = ({ port, device }) => ({
  host: "127.0.0.1",
  port,
  secureContext: device.secureContext,
  rejectUnauthorized: false,
  checkServerIdentity: () => undefined,
});

/** Handshake, four bytes, end. */
export function bareExchange(where) {
  return new Promise((resolve, reject) => {
    const socket = connect(options(where));
    let bytes = 0;
    socket.setNoDelay(true);
    socket.on("error", reject);
    socket.on("data", (chunk) => {
      bytes += chunk.length;
    });
    socket.on("end", () => socket.end());
    socket.on("close", () => (bytes === 4 ? resolve() : reject(new Error(`the bare server sent ${bytes} bytes`))));
  });
}

const CONNACK = 2;
const PUBLISH = 3;
const SUBACK = 9;
const ACKNOWLEDGED_AT_ONCE = Buffer.from("$dps/registrations/res/200/");
const OPERATION_ID = /"operationId":"([^"]+)"/;

const subscribe = mqtt.generate({
  cmd: "subscribe",
  messageId: 1,
  subscriptions: [{ topic: "$dps/registrations/res/#", qos: 1 }],
});
const disconnect = mqtt.generate({ cmd: "disconnect" });
const publish = (topic, payload, messageId) =>
  mqtt.generate({ cmd: "publish", topic, payload, qos: 1, messageId, dup: false, retain: false });

function connectFrame(idScope, registrationId) {
  return mqtt.generate({
    cmd: "connect",
    protocolId: "MQTT",
    protocolVersion: 4,
    clientId: registrationId,
    username: `${idScope}/registrations/${registrationId}/api-version=2019-03-31&ClientVersion=bench`,
    clean: true,
    keepalive: 180,
  });
}

/** The first complete packet in `bytes`: type, body and end; undefined when it is incomplete. */
function nextPacket(bytes) {
  let length = 0;
  for (let index = 1; index < Math.min(bytes.length, 5); index++) {
    length |= (bytes[index] & 0x7f) << (7 * (index - 1));
    if (bytes[index] & 0x80) continue;
    const end = index + 1 + length;
    return end <= bytes.length ? { type: bytes[0] >> 4, body: bytes.subarray(index + 1, end), end } : undefined;
  }
  return undefined;
}

/** A whole registration: CONNECT, SUBSCRIBE, register, one poll, DISCONNECT; each step after the answer to the last. */
export function registrationExchange({ port, device, idScope }) {
  return new Promise((resolve, reject) => {
    const socket = connect(options({ port, device }));
    let pending = Buffer.alloc(0);
    let assigned = false;
    socket.setNoDelay(true);
    socket.write(connectFrame(idScope, device.registrationId));
    socket.on("error", reject);
    socket.on("end", () => socket.end());
    socket.on("close", () => (assigned ? resolve() : reject(new Error(`${device.registrationId} was not assigned`))));
    socket.on("data", (chunk) => {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      for (let packet = nextPacket(pending); packet; packet = nextPacket(pending)) {
        pending = pending.subarray(packet.end);
        answer(packet);
      }
    });
    const answer = ({ type, body }) => {
      if (type === CONNACK) {
        if (body[1] !== 0) socket.destroy(new Error(`${device.registrationId}: CONNACK ${body[1]}`));
        else socket.write(subscribe);
      } else if (type === SUBACK) {
        const request = JSON.stringify({ registrationId: device.registrationId });
        socket.write(publish("$dps/registrations/PUT/iotdps-register/?$rid=1", request, 2));
      } else if (type === PUBLISH) onReply(body);
    };
    const onReply = (body) => {
      const topicEnd = 2 + body.readUInt16BE(0);
      const messageId = body.readUInt16BE(topicEnd);
      const acknowledge = Buffer.from([0x40, 2, messageId >> 8, messageId & 0xff]);
      const text = body.toString("latin1", topicEnd + 2);
      if (body.indexOf(ACKNOWLEDGED_AT_ONCE) === 2) {
        assigned = text.includes('"status":"assigned"');
        socket.write(Buffer.concat([acknowledge, disconnect]));
        return;
      }
      const operationId = OPERATION_ID.exec(text)?.[1];
      if (operationId === undefined) return void socket.destroy(new Error(`${device.registrationId}: ${text}`));
      const topic = `$dps/registrations/GET/iotdps-get-operationstatus/?$rid=2&operationId=${operationId}`;
      socket.write(Buffer.concat([acknowledge, publish(topic, " ", 3)]));
    };
  });
}

/** Runs `count` exchanges, `inFlight` at a time; milliseconds that it took. */
export async function runExchanges(exchange, { count, inFlight, devices, ...where }) {
  const startedAt = performance.now();
  let next = 0;
  const lane = async () => {
    while (next < count) await exchange({ ...where, device: devices[next++ % devices.length] });
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return performance.now() - startedAt;
}
