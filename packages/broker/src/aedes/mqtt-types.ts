/** The names that the rest of the broker has for the parts of Aedes. Only this folder imports from `aedes` (`biome.json`). */
export type {
  Aedes as MqttServer,
  AedesOptions as MqttServerOptions,
  AedesPublishPacket as PublishPacket,
  Client as MqttClient,
} from "aedes";
