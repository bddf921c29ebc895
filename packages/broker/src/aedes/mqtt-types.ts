/** The names of Aedes's types for the rest of the broker. Only this folder imports from `aedes` (`biome.json`). */
export type {
  Aedes as MqttServer,
  AedesOptions as MqttServerOptions,
  AedesPublishPacket as PublishPacket,
  Client as MqttClient,
} from "aedes";
