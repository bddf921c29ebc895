import type { AedesOptions, AuthenticateError, Client } from "aedes";
import { nanoid } from "nanoid";
import { authorizeSubscribe, publishProblem } from "./authorize.js";
import { beginUnread, decideConnect } from "./connect.js";
import type { Connection } from "./connection.js";
import type { BrokerContext } from "./context.js";
import { Refusal } from "./refusal.js";

/** The only protocol level of MQTT that is spoken: 3.1.1. */
const LEVEL = 4;
/** A level that Aedes answers with CONNACK 1; it would take 3 (MQTT 3.1). */
const REFUSED_LEVEL = 5;

/** What Aedes asks at each step of a connection. */
export function aedesHooks(context: BrokerContext): AedesOptions {
  const of = (client: Client): Connection | undefined => context.connections.get(client);
  return {
    connectTimeout: context.times.connect,
    drainTimeout: context.times.drain,
    preConnect(client, packet, done) {
      const connection = of(client);
      if (!connection) return done(null, false);
      connection.clientId = packet.clientId;
      const { protocolVersion = LEVEL } = packet;
      if (protocolVersion !== LEVEL) {
        beginUnread(connection, { userName: packet.username, level: protocolVersion }, context);
        packet.protocolVersion = REFUSED_LEVEL;
      }
      // An id of our own for each connection: Aedes lets a CONNECT throw off whoever has its id, and before that CONNECT
      // has proved anything. Who takes over whom is decided in connect.ts.
      packet.clientId = nanoid();
      // Whatever the device asks (section 1.2): no session is kept, and a will would go to other devices.
      packet.clean = true;
      delete packet.will;
      return done(null, true);
    },
    authenticate(client, userName, password, done) {
      const connection = of(client);
      // Aedes asks also for who hung up a moment ago.
      if (!connection || connection.closed) return done(refusal(3), null);
      void decideConnect(connection, userName, password, context).then((code) =>
        code === 0 ? done(null, true) : done(refusal(code), null),
      );
    },
    authorizePublish(client, packet, done) {
      const connection = client ? of(client) : undefined;
      if (!connection) return done(new Error("no connection"));
      const problem = publishProblem(connection, packet);
      if (!problem) return done(null);
      connection.attempt?.add(problem);
      return done(new Refusal(problem.code));
    },
    authorizeSubscribe(client, subscription, done) {
      const connection = of(client);
      const granted = connection && authorizeSubscribe(connection, subscription.topic, subscription.qos);
      return done(null, granted ? subscription : null);
    },
  };
}

function refusal(returnCode: number): AuthenticateError {
  return Object.assign(new Refusal(`CONNACK ${returnCode}`), { returnCode });
}
