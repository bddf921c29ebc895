import type { MqttClient, MqttServerOptions } from "./aedes/mqtt-types.js";
import { authorizeSubscribe, publishProblem } from "./authorize.js";
import { beginUnread } from "./connect.js";
import type { Connection } from "./connection.js";
import type { BrokerContext } from "./context.js";
import { keepSubscriptions } from "./keep-subscriptions.js";
import { Refusal } from "./refusal.js";

/** The only supported protocol level of MQTT: 3.1.1. */
export const LEVEL = 4;
/** A level that Aedes refuses with CONNACK 1; it would accept level 3 (MQTT 3.1). */
const REFUSED_LEVEL = 5;

/** The functions that Aedes calls at each step of a connection. */
export function aedesHooks(context: BrokerContext): MqttServerOptions {
  const of = (client: MqttClient): Connection | undefined => context.connections.get(client);
  return {
    connectTimeout: context.times.connect,
    drainTimeout: context.times.drain,
    // Only packets that take-connect.ts does not handle come here: those of levels other than 4.
    preConnect(client, packet, done) {
      const connection = of(client);
      if (!connection) return done(null, false);
      connection.clientId = packet.clientId;
      const { protocolVersion: level = REFUSED_LEVEL } = packet;
      beginUnread(connection, { userName: packet.username, level }, context);
      packet.protocolVersion = REFUSED_LEVEL;
      return done(null, true);
    },
    // Never called; if it were, it would admit nobody.
    authenticate: (_client, _userName, _password, done) => done(null, false),
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
      if (!connection) return done(null, null);
      const before = connection.granted.get(subscription.topic);
      const isGranted = authorizeSubscribe(connection, subscription.topic, subscription.qos);
      if (!isGranted || connection.granted.get(subscription.topic) === before)
        return done(null, isGranted ? subscription : null);
      // The SUBACK waits for the store: a filter that was acknowledged is there at the next connection.
      void keepSubscriptions(connection, context).then((isKept) => {
        if (isKept) done(null, subscription);
        else done(new Refusal("the subscription cannot be kept"));
      });
    },
  };
}
